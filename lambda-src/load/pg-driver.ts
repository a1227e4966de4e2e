import { Client, DatabaseError } from "pg";
import type { Deadline } from "../data-api/deadline";
import { SqlFailure } from "../data-api/sql";
import { StatementOutOfTime } from "../data-api/statement";
import type { Driver, DriverSession } from "./driver";

const CONNECT_MILLISECONDS = 10_000;
/** How long the warehouse's word is waited for after it should have cancelled a statement by itself, and when a session ends. */
const GRACE_MILLISECONDS = 5000;
/** The shortest that Redshift takes: https://docs.aws.amazon.com/redshift/latest/dg/r_statement_timeout.html */
const SHORTEST_MILLISECONDS = 100;
/** SQLSTATE of a user or password that is not let in. */
const NOT_LET_IN = /^28/;

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface PgOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /**
   * Address, `HOST:PORT`, of a local run that stands in for every warehouse and speaks without TLS.
   *
   * @default - the warehouse itself, over TLS with its certificate checked
   */
  readonly local: string | undefined;
  /** @param anew what was read before was not let in */
  login(anew: boolean): Promise<Login>;
  readonly deadline: Deadline;
}

/** `Driver` by node-postgres. Statements are sent as they stand, by the simple protocol: no parameter, no prepared statement. */
export function pgDriver(options: PgOptions): Driver {
  return {
    async open() {
      try {
        return await connect(options, await options.login(false));
      } catch (error) {
        if (!isNotLetIn(error)) throw unreachable(options, error);
      }
      // The password may have been changed since it was read.
      try {
        return await connect(options, await options.login(true));
      } catch (error) {
        throw unreachable(options, error);
      }
    },
  };
}

const isNotLetIn = (error: unknown) => error instanceof DatabaseError && NOT_LET_IN.test(error.code ?? "");

const unreachable = ({ host, port, database }: PgOptions, error: unknown) =>
  new SqlFailure(`connection to database ${database} at ${host}:${port} failed: ${wordsOf(error)}`);

/** Node gives a host with several addresses an AggregateError without words of its own. */
function wordsOf(error: unknown): string {
  const { errors, message } = error as { readonly errors?: readonly unknown[]; readonly message?: string };
  return errors?.map(wordsOf).join(", ") || message || String(error);
}

async function connect(options: PgOptions, { username, password }: Login): Promise<DriverSession> {
  const client = new Client({
    ...placeOf(options),
    database: options.database,
    user: username,
    password,
    application_name: "redstream",
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    keepAlive: true,
    types: { getTypeParser: () => (text: string) => text },
  });
  // A connection that is lost between two statements shows at the next one; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  return new PgSession(client, options.deadline);
}

/**
 * TLS always, and only with a certificate of the host's name by an authority that Node.js knows: Redshift's are of AWS Certificate Manager, whose
 * roots, Amazon's, are among those. https://docs.aws.amazon.com/redshift/latest/mgmt/connecting-ssl-support.html
 */
function placeOf({ host, port, local }: PgOptions) {
  if (local === undefined) return { host, port, ssl: { rejectUnauthorized: true, minVersion: "TLSv1.2" } as const };
  const [address, localPort] = local.split(":");
  // The local run listens in one place for all warehouses, so it is told which one.
  return { host: address!, port: Number(localPort), ssl: false, options: `host=${host}:${port}` };
}

class PgSession implements DriverSession {
  private closing: Promise<void> | undefined;

  constructor(
    private readonly client: Client,
    private readonly deadline: Deadline,
  ) {}

  get pid(): number {
    // Of the server's BackendKeyData; the types leave it out.
    return (this.client as unknown as { readonly processID: number }).processID;
  }

  async query(sql: string) {
    // A transaction that is nearly over its time must still be ended.
    const ends = /^(COMMIT|ROLLBACK)$/.test(sql);
    const left = this.deadline.remaining();
    if (left <= 0 && !ends) throw new StatementOutOfTime(firstWord(sql));
    const limit = Math.max(left, SHORTEST_MILLISECONDS);
    // The warehouse ends what runs too long, also when nobody is there any more to ask it to.
    if (!ends) await this.send(`SET statement_timeout TO ${Math.floor(limit)}`, limit);
    return this.send(sql, ends ? Math.max(limit, GRACE_MILLISECONDS) : limit);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** Of a connection whose other end is gone without a word there is no answer: nobody's work waits for that. */
  private async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MILLISECONDS);
    });
    await Promise.race([this.client.end().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  private async send(sql: string, limit: number): Promise<readonly (readonly (string | null)[])[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new StatementOutOfTime(firstWord(sql))), limit + GRACE_MILLISECONDS);
    });
    try {
      const { rows } = await Promise.race([this.client.query({ text: sql, rowMode: "array" }), late]);
      return rows;
    } catch (error) {
      if (error instanceof StatementOutOfTime) void this.close();
      // FATAL: the session is gone, and with it the answer.
      if (!(error instanceof DatabaseError) || error.severity === "FATAL") throw error;
      if (error.code === CANCELLED && this.deadline.remaining() <= 0) throw new StatementOutOfTime(firstWord(sql));
      throw new SqlFailure(`ERROR: ${error.message}`, undefined, this.pid);
    } finally {
      clearTimeout(timer);
    }
  }
}

const CANCELLED = "57014";

const firstWord = (sql: string) => sql.split(" ", 1)[0]!;
