import {
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementResponse,
  type Field,
  GetStatementResultCommand,
  type RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import type { Deadline } from "./deadline";
import { SqlFailure } from "./sql";

const FIRST_POLL_MILLISECONDS = 100;
const LAST_POLL_MILLISECONDS = 2000;

/** The caller's own deadline passed while a statement ran. It was cancelled, which does not say that it did not finish first. */
export class StatementOutOfTime extends Error {
  constructor(readonly doing: string) {
    super(`out of time: ${doing}. It was cancelled`);
    this.name = "StatementOutOfTime";
  }
}

export interface Submitted {
  readonly Id?: string | undefined;
  readonly SessionId?: string | undefined;
}

/** Time and client that a statement runs with. */
export interface Running {
  readonly client: RedshiftDataClient;
  readonly deadline: Deadline;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Submits a statement or batch, then asks for it until it ends, and answers its description and what the submit answered.
 *
 * @throws SqlFailure when it failed
 * @throws StatementOutOfTime when the deadline comes first
 */
export async function settled(
  { client, deadline, sleep }: Running,
  doing: string,
  submit: () => Promise<Submitted>,
): Promise<DescribeStatementResponse & Submitted> {
  if (deadline.remaining() <= 0) throw new StatementOutOfTime(doing);
  const { Id, SessionId } = await submit();
  if (!Id) throw new SqlFailure(`the Data API gave no id for ${doing}`);
  for (let wait = FIRST_POLL_MILLISECONDS; ; wait = Math.min(wait * 2, LAST_POLL_MILLISECONDS)) {
    const described = await client.send(new DescribeStatementCommand({ Id }));
    if (described.Status === "FINISHED") return { ...described, Id, ...(SessionId ? { SessionId } : {}) };
    if (described.Status === "FAILED" || described.Status === "ABORTED") throw failureOf(described);
    if (deadline.remaining() <= wait) {
      await client.send(new CancelStatementCommand({ Id }));
      throw new StatementOutOfTime(doing);
    }
    await sleep(wait);
  }
}

/** Every row of a statement's result, as text, NULL as null. */
export async function rowsOf(client: RedshiftDataClient, Id: string): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new GetStatementResultCommand({ Id, NextToken }));
    for (const record of page.Records ?? []) rows.push(record.map(textOf));
    NextToken = page.NextToken;
  } while (NextToken);
  return rows;
}

/** A batch says which of its statements failed in `SubStatements`, and in words ("Query #2 failed with ...") in its own error. */
function failureOf({ Status, Error: error, SubStatements = [], RedshiftPid }: DescribeStatementResponse): SqlFailure {
  const failed = SubStatements.findIndex((sub) => sub.Status === "FAILED");
  const message = SubStatements[failed]?.Error ?? error ?? `the statement ended as ${Status} without a reason`;
  const named = /^Query #(\d+) /.exec(error ?? "")?.[1];
  const statement = failed >= 0 ? failed : named ? Number(named) - 1 : undefined;
  return new SqlFailure(message, statement, RedshiftPid || undefined);
}

function textOf(field: Field): string | null {
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  return value === undefined ? null : String(value);
}
