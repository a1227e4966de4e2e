import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import type { Session, Warehouse } from "../../../local/warehouse";

interface Statement {
  readonly status: "FINISHED" | "FAILED";
  readonly error?: string;
  readonly failed?: number;
  readonly pid: number;
  readonly count: number;
  readonly rows: readonly (readonly unknown[])[];
}

/** The Data API as far as the load uses it, on the local warehouse: sessions, batches as transactions, tokens. */
export class LocalDataApi {
  readonly calls: { readonly name: string; readonly input: Record<string, unknown> }[] = [];
  private readonly sessions = new Map<string, Session>();
  private readonly statements = new Map<string, Statement>();
  private readonly tokens = new Map<string, string>();
  private counter = 0;

  constructor(
    private readonly warehouse: Warehouse,
    private readonly user: string,
  ) {}

  get client(): RedshiftDataClient {
    return this as unknown as RedshiftDataClient;
  }

  async send(command: { constructor: { name: string }; input: Record<string, unknown> }): Promise<unknown> {
    const name = command.constructor.name.replace("Command", "");
    const { input } = command;
    this.calls.push({ name, input });
    if (name === "DescribeStatement") return this.describe(String(input.Id));
    if (name === "GetStatementResult") {
      const records = this.statements
        .get(String(input.Id))!
        .rows.map((row) => row.map((value) => (value === null ? { isNull: true } : { stringValue: String(value) })));
      return { Records: records };
    }
    const known = this.tokens.get(String(input.ClientToken));
    const Id = known ?? `s${++this.counter}`;
    const SessionId = String(input.SessionId ?? `session ${Id}`);
    if (!known) {
      this.tokens.set(String(input.ClientToken), Id);
      await this.run(Id, SessionId, input);
    }
    return { Id, SessionId };
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.close();
  }

  private async run(Id: string, SessionId: string, input: Record<string, unknown>): Promise<void> {
    const session = this.sessions.get(SessionId) ?? (await this.warehouse.enter("dev", this.user));
    const texts = (input.Sqls as string[] | undefined) ?? [String(input.Sql)];
    let rows: readonly (readonly unknown[])[] = [];
    let at = 0;
    try {
      if (input.Sqls) await session.run("BEGIN");
      for (; at < texts.length; at += 1) rows = (await session.run(texts[at]!)).rows;
      if (input.Sqls) await session.run("COMMIT");
      this.statements.set(Id, { status: "FINISHED", pid: session.id, count: texts.length, rows });
    } catch (error) {
      await session.run("ROLLBACK");
      const message = `ERROR: ${(error as Error).message}`;
      this.statements.set(Id, {
        status: "FAILED",
        error: message,
        failed: at,
        pid: session.id,
        count: texts.length,
        rows: [],
      });
    }
    if (input.SessionKeepAliveSeconds || input.SessionId) this.sessions.set(SessionId, session);
    else await session.close();
  }

  private describe(id: string) {
    const { status, error, failed, pid, count } = this.statements.get(id)!;
    const SubStatements = Array.from({ length: count }, (_, index) => ({
      Status: failed === undefined || index < failed ? "FINISHED" : index === failed ? "FAILED" : "ABORTED",
      ...(index === failed ? { Error: error } : {}),
    }));
    return { Status: status, Error: error, SubStatements, RedshiftPid: pid };
  }
}
