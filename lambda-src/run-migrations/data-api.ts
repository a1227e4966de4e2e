import { randomUUID } from "node:crypto";
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementResponse,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  type RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import type { Deadline } from "./deadline";
import { OutOfTime } from "./errors";
import { type Sql, SqlFailure } from "./sql";

/** The database and who logs in, as every call names them. */
export type Connection = {
  readonly Database: string;
  readonly SecretArn: string;
} & ({ readonly ClusterIdentifier: string } | { readonly WorkgroupName: string });

const FIRST_POLL_MILLISECONDS = 100;
const LAST_POLL_MILLISECONDS = 2000;

/** `Sql` by the Redshift Data API: no driver, no connection, no VPC. Statements are submitted, then asked for until they end. */
export function dataApi(
  client: RedshiftDataClient,
  connection: Connection,
  deadline: Deadline,
  sleep: (milliseconds: number) => Promise<void>,
): Sql {
  return {
    async transaction(doing, statements) {
      // The token makes the SDK's retry of a submit whose answer was lost the same submit.
      const ClientToken = randomUUID();
      await settled(doing, () =>
        client.send(new BatchExecuteStatementCommand({ ...connection, ClientToken, Sqls: [...statements] })),
      );
    },
    async rows(doing, query) {
      const ClientToken = randomUUID();
      const id = await settled(doing, () =>
        client.send(new ExecuteStatementCommand({ ...connection, ClientToken, Sql: query })),
      );
      const rows: (string | null)[][] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(new GetStatementResultCommand({ Id: id, NextToken }));
        for (const record of page.Records ?? []) rows.push(record.map(textOf));
        NextToken = page.NextToken;
      } while (NextToken);
      return rows;
    },
  };

  /** Submits and waits; answers the statement's id once it has finished. */
  async function settled(doing: string, submit: () => Promise<{ Id?: string | undefined }>): Promise<string> {
    if (deadline.remaining() <= 0) throw new OutOfTime(doing);
    const { Id } = await submit();
    if (!Id) throw new SqlFailure(`the Data API gave no id for ${doing}`);
    for (let wait = FIRST_POLL_MILLISECONDS; ; wait = Math.min(wait * 2, LAST_POLL_MILLISECONDS)) {
      const described = await client.send(new DescribeStatementCommand({ Id }));
      if (described.Status === "FINISHED") return Id;
      if (described.Status === "FAILED" || described.Status === "ABORTED") throw failureOf(described);
      if (deadline.remaining() <= wait) {
        await client.send(new CancelStatementCommand({ Id }));
        throw new OutOfTime(doing);
      }
      await sleep(wait);
    }
  }
}

/** A batch says which of its statements failed in `SubStatements`, and in words ("Query #2 failed with ...") in its own error. */
function failureOf({ Status, Error: error, SubStatements = [] }: DescribeStatementResponse): SqlFailure {
  const failed = SubStatements.findIndex((sub) => sub.Status === "FAILED");
  const message = SubStatements[failed]?.Error ?? error ?? `the statement ended as ${Status} without a reason`;
  const named = /^Query #(\d+) /.exec(error ?? "")?.[1];
  return new SqlFailure(message, failed >= 0 ? failed : named ? Number(named) - 1 : undefined);
}

function textOf(field: Field): string | null {
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  return value === undefined ? null : String(value);
}
