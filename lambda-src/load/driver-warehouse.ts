import { despiteConflicts } from "../data-api/retry";
import { SqlFailure } from "../data-api/sql";
import { failures } from "./copy-failure";
import type { Driver, DriverSession } from "./driver";
import type { Load, Outcome, Warehouse } from "./ports";
import { checkingOf, commitOf, fenceOf, hourLoadsIn, hourLoadsOf, outcomeIn, outcomeOf, stagingOf } from "./sql";

export interface DriverOptions {
  readonly copyRole: string;
  readonly bucketRegion: string | undefined;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** A warehouse whose sessions are connections of ours. */
export interface ConnectedWarehouse extends Warehouse {
  /** Ends the sessions of loads that were staged and are not known to be committed. */
  close(): Promise<void>;
}

/**
 * `Warehouse` by a driver: one connection is one session. A load's is kept from its COPY to its commit; everything else has one of its own.
 *
 * A connection that is lost while a COMMIT is under way leaves the same question as an answer of the Data API that is missing: `commit` rejects, and
 * whoever called it asks for the outcome, over a new connection.
 */
export function driverWarehouse(driver: Driver, options: DriverOptions): ConnectedWarehouse {
  const { copyRole, bucketRegion, now, sleep } = options;
  const waiting = { now, sleep };
  const failureOf = failures();
  /** Sessions with staged rows, by the load's id: one a load, since a replay of many hours would hold as many connections as a warehouse has. */
  const staged = new Map<string, DriverSession>();

  const alone = async <T>(work: (session: DriverSession) => Promise<T>): Promise<T> => {
    const session = await driver.open();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };
  const ask = (sql: string) => alone((session) => session.query(sql));
  const outcome = async (loadId: string): Promise<Outcome | undefined> => outcomeIn(await ask(outcomeOf(loadId)));

  return {
    outcome,

    async stage(load, manifestUrl) {
      const started = now();
      const source = { manifestUrl, copyRole, region: bucketRegion };
      // What an earlier try of the load has staged is not wanted any more.
      await end(load.id);
      let session: DriverSession | undefined;
      try {
        session = await driver.open();
        await transaction(session, stagingOf(load, source));
      } catch (error) {
        await session?.close();
        if (!(error instanceof SqlFailure)) throw error;
        // Without a session it is the warehouse that could not be reached, whatever the words are.
        if (!session) return { kind: "unable", text: error.message };
        const check = () =>
          alone(async (own) => {
            try {
              await transaction(own, checkingOf(load, source));
            } catch (failure) {
              // More faults than a COPY goes on behind: those that it met are put down.
              if (!(failure instanceof SqlFailure)) throw failure;
            }
            return own.pid;
          });
        return failureOf(load, error, { started, query: ask, sleep, check });
      }
      const held = session;
      staged.set(load.id, held);
      let committed = false;
      return {
        kind: "staged",
        async commit() {
          if (committed) return;
          await commit(load, held);
          committed = true;
          if (staged.get(load.id) === held) await end(load.id);
        },
      };
    },

    async fence(table, loadId) {
      await despiteConflicts(waiting, () => alone((session) => transaction(session, fenceOf(table, loadId, now()))));
      const found = await outcome(loadId);
      if (!found) throw new SqlFailure(`nothing is recorded about load ${loadId} after it was ended`);
      return found;
    },

    async hourLoads(table, hour) {
      return hourLoadsIn(await ask(hourLoadsOf(table, hour)));
    },

    async close() {
      await Promise.all([...staged.keys()].map(end));
    },
  };

  async function end(loadId: string): Promise<void> {
    const session = staged.get(loadId);
    staged.delete(loadId);
    await session?.close();
  }

  /** One transaction in the session that has the staged rows. A conflict leaves them there, so it can be tried again. */
  async function commit(load: Load, session: DriverSession): Promise<void> {
    await despiteConflicts(waiting, () => transaction(session, commitOf(load, now())));
  }
}

/** All of the statements or none. @throws SqlFailure that says which one was refused; as many as there are means the COMMIT */
async function transaction(session: DriverSession, statements: readonly string[]): Promise<void> {
  await session.query("BEGIN");
  let at = 0;
  try {
    for (; at < statements.length; at += 1) await session.query(statements[at]!);
    await session.query("COMMIT");
  } catch (error) {
    if (!(error instanceof SqlFailure)) throw error;
    await session.query("ROLLBACK");
    throw new SqlFailure(error.message, at, session.pid);
  }
}
