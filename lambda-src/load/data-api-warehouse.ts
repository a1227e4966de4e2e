import { createHash } from "node:crypto";
import { BatchExecuteStatementCommand, ExecuteStatementCommand } from "@aws-sdk/client-redshift-data";
import type { Connection } from "../data-api/connection";
import { despiteConflicts } from "../data-api/retry";
import { SqlFailure } from "../data-api/sql";
import { type Running, rowsOf, type Submitted, settled } from "../data-api/statement";
import { failures } from "./copy-failure";
import type { Load, Outcome, Warehouse } from "./ports";
import {
  checkingOf,
  commitOf,
  fenceOf,
  hourLoadsIn,
  hourLoadsOf,
  outcomeIn,
  outcomeOf,
  type Source,
  stagingOf,
} from "./sql";

/** Seconds for which a session waits for the next statement: the time between the COPY and the commit, in which each key is asked for. */
const KEEP_ALIVE_SECONDS = 120;
export interface DataApiOptions {
  readonly connection: Connection;
  readonly copyRole: string;
  readonly bucketRegion: string | undefined;
  readonly now: () => Date;
}

/** `Warehouse` by the Redshift Data API: a session of its own for each load, statements under tokens that are the load's and the step's. */
export function dataApiWarehouse(running: Running, options: DataApiOptions): Warehouse {
  const { client, sleep } = running;
  const { connection, copyRole, bucketRegion, now } = options;
  const waiting = { now, sleep };
  const failureOf = failures();

  const batch = (doing: string, token: string, Sqls: readonly string[], where: object) =>
    settled(running, doing, () =>
      whenFree(sleep, () =>
        client.send(new BatchExecuteStatementCommand({ ...where, ClientToken: token, Sqls: [...Sqls] })),
      ),
    );
  const query = async (doing: string, token: string, Sql: string) => {
    const submit = () => client.send(new ExecuteStatementCommand({ ...connection, ClientToken: token, Sql }));
    const { Id } = await settled(running, doing, () => whenFree(sleep, submit));
    return rowsOf(client, Id!);
  };
  /** Tokens are good for 8 hours, and a statement that failed would answer a second time: so each try and each look has its own. */
  let asked = 0;
  const fresh = (loadId: string, step: string) => tokenOf(loadId, `${step} ${++asked} ${now().getTime()}`);

  const outcome = async (loadId: string): Promise<Outcome | undefined> => {
    return outcomeIn(await query(`asking for load ${loadId}`, fresh(loadId, "outcome"), outcomeOf(loadId)));
  };

  return {
    outcome,

    async stage(load, manifestUrl) {
      const started = now();
      const source = { manifestUrl, copyRole, region: bucketRegion };
      const statements = stagingOf(load, source);
      try {
        const where = { ...connection, SessionKeepAliveSeconds: KEEP_ALIVE_SECONDS };
        const { SessionId } = await batch(`copying load ${load.id}`, fresh(load.id, "stage"), statements, where);
        if (!SessionId) throw new SqlFailure("the Data API gave no session");
        return { kind: "staged", commit: () => commit(load, SessionId) };
      } catch (error) {
        if (!(error instanceof SqlFailure)) throw error;
        const asking = (sql: string) => query(`asking why load ${load.id} failed`, fresh(load.id, "errors"), sql);
        return failureOf(load, error, { started, query: asking, sleep, check: () => check(load, source) });
      }
    },

    async fence(table, loadId) {
      await despiteConflicts(waiting, () =>
        batch(`ending load ${loadId}`, fresh(loadId, "fence"), fenceOf(table, loadId, now()), connection),
      );
      const found = await outcome(loadId);
      if (!found) throw new SqlFailure(`nothing is recorded about load ${loadId} after it was ended`);
      return found;
    },

    async hourLoads(table, hour) {
      return hourLoadsIn(
        await query(
          `asking for the loads of ${hour}`,
          fresh(`${table.name} ${hour}`, "hour"),
          hourLoadsOf(table, hour),
        ),
      );
    },
  };

  async function check(load: Load, source: Source): Promise<number | undefined> {
    try {
      const statements = checkingOf(load, source);
      const { RedshiftPid } = await batch(`checking load ${load.id}`, fresh(load.id, "check"), statements, connection);
      return RedshiftPid || undefined;
    } catch (error) {
      // More faults than a COPY goes on behind: those that it met are put down.
      if (error instanceof SqlFailure) return error.pid;
      throw error;
    }
  }

  /** One transaction in the session that has the staged rows. A conflict leaves them there, so it can be tried again. */
  async function commit(load: Load, SessionId: string): Promise<void> {
    let attempt = 0;
    await despiteConflicts(waiting, () =>
      batch(`committing load ${load.id}`, tokenOf(load.id, `commit ${++attempt}`), commitOf(load, now()), {
        SessionId,
      }),
    );
  }
}

/** A token of 64 characters that is the same for the same step of the same load. https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html */
export const tokenOf = (loadId: string, step: string): string =>
  createHash("sha256").update(`${loadId} ${step}`).digest("hex");

const FREE_TRIES = 6;

/** Submits again while there are as many statements or sessions under way as the account may have; the SDK does not. */
async function whenFree(
  sleep: (milliseconds: number) => Promise<void>,
  submit: () => Promise<Submitted>,
): Promise<Submitted> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await submit();
    } catch (error) {
      const full = error instanceof Error && /^Active(Statements|Sessions)ExceededException$/.test(error.name);
      if (!full || attempt === FREE_TRIES) throw error;
      await sleep(500 * 2 ** attempt);
    }
  }
}
