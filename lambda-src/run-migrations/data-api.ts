import { randomUUID } from "node:crypto";
import {
  BatchExecuteStatementCommand,
  ExecuteStatementCommand,
  type RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import type { Connection } from "../data-api/connection";
import type { Deadline } from "../data-api/deadline";
import type { Sql } from "../data-api/sql";
import { rowsOf, StatementOutOfTime, type Submitted, settled } from "../data-api/statement";
import { OutOfTime } from "./errors";

/** `Sql` by the Redshift Data API: no driver, no connection, no VPC. Statements are submitted, then asked for until they end. */
export function dataApi(
  client: RedshiftDataClient,
  connection: Connection,
  deadline: Deadline,
  sleep: (milliseconds: number) => Promise<void>,
): Sql {
  const run = async (doing: string, submit: () => Promise<Submitted>): Promise<string> => {
    try {
      return (await settled({ client, deadline, sleep }, doing, submit)).Id!;
    } catch (error) {
      throw error instanceof StatementOutOfTime ? new OutOfTime(doing) : error;
    }
  };
  return {
    async transaction(doing, statements) {
      // The token makes the SDK's retry of a submit whose answer was lost the same submit.
      const ClientToken = randomUUID();
      await run(doing, () =>
        client.send(new BatchExecuteStatementCommand({ ...connection, ClientToken, Sqls: [...statements] })),
      );
    },
    async rows(doing, query) {
      const ClientToken = randomUUID();
      const id = await run(doing, () =>
        client.send(new ExecuteStatementCommand({ ...connection, ClientToken, Sql: query })),
      );
      return rowsOf(client, id);
    },
  };
}
