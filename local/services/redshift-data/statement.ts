import { randomUUID } from "node:crypto";
import type { SqlResult } from "../../gateway/types";
import { type Session, SqlError, split, tokenize } from "../../warehouse";
import type { Identity } from "./identity";
import type { SqlParameter } from "./input";
import { field, rowBytes } from "./result";
import type { DataSession } from "./sessions";

export type Status = "SUBMITTED" | "STARTED" | "FINISHED" | "FAILED" | "ABORTED";

/** One SQL text of a statement: its only one, or one of a batch. */
export interface Part {
  readonly id: string;
  /** As it came, parameters not put in. */
  readonly text: string;
  /** With the parameters' values. */
  readonly bound: string;
  status: Status;
  error?: string;
  result?: SqlResult;
  started?: number;
  ended?: number;
  /** `query_id` of the system views; 0 until it has run. */
  queryId: number;
}

export interface StatementRequest {
  readonly identity: Identity;
  readonly owner: string;
  readonly texts: readonly string[];
  readonly bound: readonly string[];
  readonly batch: boolean;
  readonly parameters: readonly SqlParameter[];
  readonly name?: string;
  /** The session it runs in; without one it has a connection to itself. */
  readonly session?: DataSession;
}

/** A statement or batch, on a connection of its own or in a session; a batch is one transaction. */
export class Statement {
  readonly id = randomUUID();
  readonly parts: readonly Part[];
  readonly created: Date;
  updated: Date;
  status: Status = "SUBMITTED";
  error: string | undefined;
  pid: number | undefined;
  /** Resolves when it has ended, however it did. */
  readonly done: Promise<void>;
  private session: Session | undefined;
  private cancelled = false;

  constructor(
    readonly request: StatementRequest,
    private readonly now: () => Date,
  ) {
    this.created = this.updated = now();
    this.parts = request.texts.map((text, i) => ({
      id: request.batch ? `${this.id}:${i + 1}` : this.id,
      text,
      bound: request.bound[i]!,
      status: "SUBMITTED",
      queryId: 0,
    }));
    this.done = this.run();
  }

  get ended(): boolean {
    return this.status !== "SUBMITTED" && this.status !== "STARTED";
  }

  /** Nanoseconds from start to end, of all parts. */
  get duration(): number {
    return this.parts.reduce((sum, part) => sum + durationOf(part), 0);
  }

  /** True when it was still running. */
  cancel(): boolean {
    if (this.ended) return false;
    this.cancelled = true;
    this.session?.cancel();
    return true;
  }

  private async run(): Promise<void> {
    // The answer to the call comes first: it says SUBMITTED.
    await new Promise(setImmediate);
    const outcome = await this.runParts();
    // First the connection, then the status: who sees the end may use the session at once.
    await this.leave();
    this.change(outcome);
  }

  private async runParts(): Promise<Status> {
    try {
      this.session = await this.open();
      this.pid = this.session.id;
      this.change("STARTED");
      if (this.request.batch) await this.session.run("BEGIN");
      for (const part of this.parts) await this.runPart(part, this.session);
      if (this.request.batch) await this.session.run("COMMIT");
      return "FINISHED";
    } catch (error) {
      this.error = this.cancelled ? "Query cancelled on user's request" : messageOf(error);
      // What ran before in a batch is rolled back with it, what comes after never runs.
      for (const part of this.parts) if (part.status !== "FAILED") part.status = "ABORTED";
      const [only] = this.parts;
      if (!this.request.batch && only)
        Object.assign(only, { status: this.cancelled ? "ABORTED" : "FAILED", error: this.error });
      return this.cancelled ? "ABORTED" : "FAILED";
    }
  }

  /** The connection of its own ends with it; a session's is as it was before a batch that failed. */
  private async leave(): Promise<void> {
    if (!this.request.session) await this.session?.close();
    else if (this.request.batch && this.session?.inTransaction)
      await this.session.run("ROLLBACK").catch(() => undefined);
  }

  private async open(): Promise<Session> {
    try {
      return await (this.request.session?.connect() ?? this.request.identity.open());
    } catch (error) {
      throw error instanceof SqlError ? new Refused(`FATAL: ${error.message}`) : error;
    }
  }

  private async runPart(part: Part, session: Session): Promise<void> {
    if (this.cancelled) throw new SqlError("Query cancelled on user's request", "57014");
    part.started = this.now().getTime();
    part.status = "STARTED";
    try {
      if (split(tokenize(part.bound)).length > 1)
        throw new SqlError("cannot insert multiple commands into a prepared statement", "42601");
      part.result = await session.run(part.bound);
      part.queryId = session.queryId;
      part.status = "FINISHED";
    } catch (error) {
      part.queryId = session.queryId;
      part.status = "FAILED";
      part.error = messageOf(error);
      throw error;
    } finally {
      part.ended = this.now().getTime();
    }
  }

  private change(status: Status): void {
    this.status = status;
    this.updated = this.now();
  }
}

class Refused extends Error {}

function messageOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  return `ERROR: ${error instanceof Error ? error.message : String(error)}`;
}

export function durationOf(part: Part): number {
  return part.started === undefined ? -1 : ((part.ended ?? part.started) - part.started) * 1_000_000;
}

export function resultSize(result: SqlResult | undefined): number {
  if (!result) return -1;
  return result.rows.reduce(
    (sum, row) => sum + rowBytes(row.map((value, i) => field(value, result.columns[i]!.type))),
    0,
  );
}
