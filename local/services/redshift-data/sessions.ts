import { randomUUID } from "node:crypto";
import { AwsError, type Caller } from "../../gateway/types";
import type { Session } from "../../warehouse";
import type { Identity } from "./identity";
import { invalid, notFound } from "./input";
import type { Statement } from "./statement";

/** Quotas by https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations-session-reuse */
const MAX_SESSIONS = 500;
const MAX_HOURS = 24;

export type SessionStatus = "AVAILABLE" | "BUSY" | "CLOSED";

/**
 * A database session that outlives a call: temporary tables, settings and an open transaction stay for the next statement. It
 * takes one statement at a time and refuses a second one, and it closes `keepAlive` seconds after its last statement, or when it is 24 hours old.
 */
export class DataSession {
  readonly id = randomUUID();
  updated: Date;
  private current: Statement | undefined;
  private connection: Promise<Session> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    readonly identity: Identity,
    readonly owner: string,
    /** Seconds, 0 to 86400, as a client waits them: real ones, whatever the speed of the run's clock. */
    public keepAlive: number,
    private readonly now: () => Date,
    readonly created = now(),
  ) {
    this.updated = created;
  }

  get status(): SessionStatus {
    if (this.closing) return "CLOSED";
    return this.current ? "BUSY" : "AVAILABLE";
  }

  get currentStatement(): string | undefined {
    return this.current?.id;
  }

  /** When it closes unless another statement comes. */
  get closesAt(): Date {
    const idle = this.updated.getTime() + this.keepAlive * 1000;
    return new Date(Math.min(idle, this.created.getTime() + MAX_HOURS * 3_600_000));
  }

  /** The connection, opened by the first statement. */
  connect(): Promise<Session> {
    if (!this.connection) {
      const opening = this.identity.open();
      this.connection = opening;
      // A login that failed is tried again by the next statement.
      opening.catch(() => {
        this.connection = undefined;
      });
    }
    return this.connection;
  }

  /** Gives the session to a statement until that ends. @throws AwsError when it is closed or busy */
  begin(statement: Statement): void {
    this.requireFree();
    this.current = statement;
    this.updated = this.now();
    clearTimeout(this.timer);
    // Statement.done never rejects.
    void statement.done.then(() => this.finish());
  }

  /** @throws AwsError with AWS's words for a session that has closed; those for one that is busy are not documented */
  requireFree(): void {
    if (this.status === "CLOSED") throw invalid("Session is not available");
    if (this.current)
      throw invalid(
        `Session is not available: it is BUSY with the statement ${this.current.id}, and takes one at a time`,
      );
  }

  /** Rolls back what is open and drops the session's temporary tables. */
  close(): Promise<void> {
    clearTimeout(this.timer);
    this.closing ??= (async () => {
      const connection = await this.connection?.catch(() => undefined);
      await connection?.close();
      this.updated = this.now();
    })();
    return this.closing;
  }

  private finish(): void {
    this.current = undefined;
    this.updated = this.now();
    if (this.closing) return;
    this.timer = setTimeout(() => void this.close(), Math.max(0, this.closesAt.getTime() - this.updated.getTime()));
    this.timer.unref();
  }
}

/** The sessions of the Data API, those that have closed in the last 24 hours among them. */
export class DataSessions {
  private readonly sessions = new Map<string, DataSession>();

  constructor(private readonly now: () => Date) {}

  /** @throws AwsError when the account has as many sessions as it may */
  open(identity: Identity, owner: string, keepAlive: number): DataSession {
    this.forgetOld();
    const active = this.all().filter(({ status }) => status !== "CLOSED").length;
    if (active >= MAX_SESSIONS) {
      throw new AwsError(
        "ActiveSessionsExceededException",
        "The Amazon Redshift Data API operation failed because the maximum number of active sessions exceeded.",
      );
    }
    const session = new DataSession(identity, owner, keepAlive, this.now);
    this.sessions.set(session.id, session);
    return session;
  }

  /**
   * The session that a call names, whatever its status.
   *
   * @throws AwsError for an unknown id, and AccessDenied when another identity opened it
   */
  named(id: string, caller: Caller, action: string): DataSession {
    const session = this.sessions.get(id);
    if (!session)
      throw action === "ListSessions"
        ? notFound("Session does not exist.")
        : invalid(`Session with Id: ${id} is invalid`);
    if (session.owner !== caller.arn && caller.arn !== `arn:aws:iam::${caller.accountId}:root`) {
      throw new AwsError(
        "AccessDeniedException",
        `User: ${caller.arn} is not authorized to perform: redshift-data:${action} on session ${id}, which another identity opened`,
      );
    }
    return session;
  }

  all(): readonly DataSession[] {
    return [...this.sessions.values()];
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((session) => session.close()));
  }

  private forgetOld(): void {
    const oldest = this.now().getTime() - MAX_HOURS * 3_600_000;
    for (const [id, session] of this.sessions)
      if (session.status === "CLOSED" && session.updated.getTime() < oldest) this.sessions.delete(id);
  }
}
