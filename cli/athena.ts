import { type JsonCaller, jsonCall } from "../local/json-call";
import { CommandError } from "./problem";
import type { Answer } from "./query";

export interface NamedQuery {
  readonly Name: string;
  readonly Description?: string;
  readonly Database: string;
  readonly QueryString: string;
  readonly WorkGroup: string;
}

export interface QueryAnswer extends Answer {
  /** Where Athena left the result. */
  readonly location: string;
  readonly scannedBytes: number;
}

/** Milliseconds between two looks at a query. */
const POLL_MS = 100;

const athena = <T>(caller: JsonCaller, action: string, input: object) =>
  jsonCall<T>(caller, "athena", `AmazonAthena.${action}`, input);

/** The named queries of a workgroup, by name. */
export async function namedQueries(caller: JsonCaller, workgroup: string): Promise<NamedQuery[]> {
  const found: NamedQuery[] = [];
  let next: string | undefined;
  do {
    // A page holds at most 50, which is also what BatchGetNamedQuery takes.
    const page = await athena<{ NamedQueryIds: string[]; NextToken?: string }>(caller, "ListNamedQueries", {
      WorkGroup: workgroup,
      NextToken: next,
    });
    if (page.NamedQueryIds.length > 0) {
      const ids = { NamedQueryIds: page.NamedQueryIds };
      found.push(...(await athena<{ NamedQueries: NamedQuery[] }>(caller, "BatchGetNamedQuery", ids)).NamedQueries);
    }
    next = page.NextToken;
  } while (next);
  return found.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** The one named `name`. */
export async function namedQuery(caller: JsonCaller, workgroup: string, name: string): Promise<NamedQuery> {
  const queries = await namedQueries(caller, workgroup);
  const found = queries.find(({ Name }) => Name === name);
  if (!found) {
    throw new CommandError(
      `${workgroup} has no named query ${name}; it has ${queries.map(({ Name }) => Name).join(", ") || "none"}`,
    );
  }
  return found;
}

/** Runs a query in its workgroup and reads its whole result. */
export async function runQuery(
  caller: JsonCaller,
  { QueryString, Database, WorkGroup }: Pick<NamedQuery, "QueryString" | "Database" | "WorkGroup">,
): Promise<QueryAnswer> {
  const { QueryExecutionId } = await athena<{ QueryExecutionId: string }>(caller, "StartQueryExecution", {
    QueryString,
    WorkGroup,
    QueryExecutionContext: { Database },
  });
  for (;;) {
    const { QueryExecution } = await athena<{ QueryExecution: Execution }>(caller, "GetQueryExecution", {
      QueryExecutionId,
    });
    const { State, StateChangeReason } = QueryExecution.Status;
    if (State === "SUCCEEDED") {
      return {
        ...(await read(caller, QueryExecutionId)),
        location: QueryExecution.ResultConfiguration.OutputLocation,
        scannedBytes: QueryExecution.Statistics.DataScannedInBytes,
      };
    }
    if (State === "FAILED" || State === "CANCELLED") {
      throw new CommandError(`${State}: ${StateChangeReason ?? "no reason given"}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface Execution {
  readonly Status: { readonly State: string; readonly StateChangeReason?: string };
  readonly ResultConfiguration: { readonly OutputLocation: string };
  readonly Statistics: { readonly DataScannedInBytes: number };
}

interface ResultPage {
  readonly NextToken?: string;
  readonly ResultSet: { readonly Rows: readonly { readonly Data: readonly { readonly VarCharValue?: string }[] }[] };
}

async function read(caller: JsonCaller, id: string): Promise<Answer> {
  const rows: (string | null)[][] = [];
  let next: string | undefined;
  do {
    const page: ResultPage = await athena<ResultPage>(caller, "GetQueryResults", {
      QueryExecutionId: id,
      NextToken: next,
    });
    for (const { Data } of page.ResultSet.Rows) rows.push(Data.map(({ VarCharValue = null }) => VarCharValue));
    next = page.NextToken;
  } while (next);
  // The first row of a SELECT is its header.
  const [header = [], ...values] = rows;
  return { columns: header.map((name) => name ?? ""), rows: values };
}
