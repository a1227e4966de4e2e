import type { Waiting } from "../../../lambda-src/data-api/retry";
import { type Sql, SqlFailure } from "../../../lambda-src/data-api/sql";
import type { IamUser, PasswordUser } from "../../../lambda-src/run-migrations/event";
import type { MigrationFile } from "../../../lambda-src/run-migrations/migration";
import type { Secrets, WithPassword } from "../../../lambda-src/run-migrations/users";

/** A warehouse in memory that knows just the statements this function writes; anything else it takes as a file's own. */
export class FakeWarehouse implements Sql {
  history: { dataset: string; name: string; checksum: string }[] = [];
  /** Statements of migration files that took effect, in order. */
  ran: string[] = [];
  users = new Map<string, string>();
  grants = new Set<string>();
  /** Makes a statement fail. */
  refuse: (statement: string) => string | undefined = () => undefined;
  /** Every statement ever sent, for looking for what must not be there. */
  readonly sent: string[] = [];
  private prepared = false;

  async transaction(_doing: string, statements: readonly string[]): Promise<void> {
    const before = structuredClone({ ...this.state() });
    for (const [index, statement] of statements.entries()) {
      this.sent.push(statement);
      const problem = this.refuse(statement) ?? this.run(statement);
      if (problem) {
        Object.assign(this, before);
        throw new SqlFailure(problem, index);
      }
    }
  }

  async rows(_doing: string, query: string): Promise<(string | null)[][]> {
    this.sent.push(query);
    const user = /FROM pg_user WHERE usename = '(.*)'/.exec(query)?.[1];
    if (user !== undefined) return this.users.has(user) ? [[user]] : [];
    const dataset = /WHERE dataset = '(.*)' ORDER/.exec(query)?.[1];
    return this.history.filter((row) => row.dataset === dataset).map(({ name, checksum }) => [name, checksum]);
  }

  state() {
    const { history, ran, users, grants } = this;
    return { history, ran, users, grants };
  }

  /** Runs one statement; answers what is wrong with it. */
  private run(sql: string): string | undefined {
    if (/^CREATE (SCHEMA|TABLE) IF NOT EXISTS redstream/.test(sql)) {
      this.prepared = true;
      return undefined;
    }
    if (sql === "LOCK TABLE redstream.migrations") return this.prepared ? undefined : "relation does not exist";
    const [, expected, of] = /^SELECT CAST\(CASE WHEN COUNT\(\*\) = (\d+) .* dataset = '(.*)'$/.exec(sql) ?? [];
    if (expected !== undefined) {
      const count = this.history.filter(({ dataset }) => dataset === of).length;
      return count === Number(expected) ? undefined : `invalid input syntax for integer: "history has ${count} files"`;
    }
    const [, dataset, name, checksum] =
      /^INSERT INTO redstream\.migrations .* VALUES \('(.*?)', '(.*?)', '(.*?)'/.exec(sql) ?? [];
    if (dataset !== undefined) {
      this.history.push({ dataset, name: name!, checksum: checksum! });
      return undefined;
    }
    const [, verb, user, word] = /^(CREATE|ALTER) USER "(.*)" PASSWORD (DISABLE|'.*')$/.exec(sql) ?? [];
    if (user !== undefined) {
      if (verb === "CREATE" && this.users.has(user)) return `user "${user}" already exists`;
      if (verb === "ALTER" && !this.users.has(user)) return `user "${user}" does not exist`;
      this.users.set(user, word!.replaceAll("'", ""));
      return undefined;
    }
    if (sql.startsWith("GRANT ")) {
      this.grants.add(sql);
      return undefined;
    }
    this.ran.push(sql);
    return undefined;
  }
}

/** Secrets in memory; the first text of a secret is the one that stays, as Secrets Manager keeps a version. */
export class FakeSecrets implements Secrets {
  readonly texts = new Map<string, string>();

  async read(user: WithPassword): Promise<string | undefined> {
    return this.texts.get(placeOf(user));
  }

  async writeFirst(user: WithPassword, text: string): Promise<void> {
    if (!this.texts.has(placeOf(user))) this.texts.set(placeOf(user), text);
  }
}

/** The key of a user's text. */
export const placeOf = (user: WithPassword) => ("secretArn" in user ? user.secretArn : user.parameter.name);

/** No waiting, one moment. */
export const still: Waiting = { now: () => new Date("2026-11-21T08:54:21Z"), sleep: async () => {} };

export const file = (name: string, sql: string): MigrationFile => ({ name, sql });

export const loader: PasswordUser = {
  name: "firehose_loader",
  secretArn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:loader-AbCdEf",
  grants: [{ schema: "public", table: "laps", privileges: ["INSERT"] }],
};

export const role: IamUser = {
  name: "IAMR:load-a1",
  grants: [
    { schema: "public", table: "laps", privileges: ["SELECT", "INSERT", "DELETE"] },
    { schema: "redstream", table: "loads", privileges: ["SELECT", "INSERT"] },
  ],
};

/** Calls `before` ahead of every method of `port`, and `after` behind it. */
export function around<P extends object>(port: P, before: () => Promise<void>, after: () => void = () => {}): P {
  return new Proxy(port, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await before();
        const answer = await method.apply(target, args);
        after();
        return answer;
      };
    },
  });
}

/** The process was killed. */
export class Crash extends Error {}

/** A process that is killed at its `at`th moment: every call to the outside has one before and one after it takes effect. */
export function killedAt(at: number): { readonly wrap: <P extends object>(port: P) => P; happened: boolean } {
  let moment = 0;
  const killer = {
    happened: false,
    wrap: <P extends object>(port: P) => around(port, async () => step(), step),
  };
  function step() {
    moment += 1;
    if (moment === at) killer.happened = true;
    if (killer.happened) throw new Crash();
  }
  return killer;
}

/**
 * Runs two processes in the given order: the nth call to the outside, over both, is made by process `order[n]`. One that has ended
 * leaves its turns to the other.
 */
export async function interleaved(
  order: readonly (0 | 1)[],
  processes: readonly [
    (wrap: <P extends object>(port: P) => P) => Promise<void>,
    (wrap: <P extends object>(port: P) => P) => Promise<void>,
  ],
): Promise<PromiseSettledResult<void>[]> {
  const waiting: ((() => void) | undefined)[] = [undefined, undefined];
  const ended = [false, false];
  const turns = [...order];
  const next = () => {
    if (!([0, 1] as const).every((who) => waiting[who] || ended[who])) return;
    const wanted = turns.shift() ?? 0;
    const who = waiting[wanted] ? wanted : wanted === 0 ? 1 : 0;
    const go = waiting[who];
    waiting[who] = undefined;
    go?.();
  };
  const start = async (who: 0 | 1) => {
    const turn = () =>
      new Promise<void>((resolve) => {
        waiting[who] = resolve;
        next();
      });
    try {
      await processes[who]((port) => around(port, turn));
    } finally {
      ended[who] = true;
      next();
    }
  };
  return Promise.allSettled([start(0), start(1)]);
}

/** Every order of `length` turns. */
export const orders = (length: number): (0 | 1)[][] =>
  Array.from({ length: 2 ** length }, (_, bits) => Array.from({ length }, (_, turn) => ((bits >> turn) & 1) as 0 | 1));
