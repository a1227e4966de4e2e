import {
  AwsError,
  type AwsRequest,
  type AwsResponse,
  type Caller,
  type LocalAws,
  type Service,
} from "../../gateway/types";
import { SqlError, type Warehouses } from "../../warehouse";
import { describeTable, listDatabases, listSchemas, listTables, pageOf, readToken, writeToken } from "./catalogue";
import { identify } from "./identity";
import { Input, invalid, notFound } from "./input";
import { bind } from "./parameters";
import { metadata, page, toJson } from "./result";
import { type DataSession, DataSessions } from "./sessions";
import { durationOf, type Part, resultSize, Statement } from "./statement";

/** https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations */
const MAX_STATEMENT_BYTES = 100 * 1024;
const MAX_BATCH = 40;
const MAX_ACTIVE = 500;
const RESULT_HOURS = 24;
const TOKEN_HOURS = 8;

const MAX_KEEP_ALIVE = 86_400;
const LIST_ACTIONS = ["ListStatements", "ListSessions"];

/** The Redshift Data API on the local warehouses. Statements run by themselves; callers ask how far they are. */
export function createRedshiftData(aws: LocalAws, warehouses: Warehouses): Service {
  return new RedshiftData(aws, warehouses);
}

class RedshiftData implements Service {
  readonly names = ["redshift-data"];
  private readonly statements = new Map<string, Statement>();
  private readonly sessions = new DataSessions(() => this.aws.clock.now());
  private readonly tokens = new Map<
    string,
    { readonly id: string; readonly fingerprint: string; readonly at: number }
  >();

  constructor(
    private readonly aws: LocalAws,
    private readonly warehouses: Warehouses,
  ) {}

  async handle(request: AwsRequest): Promise<AwsResponse> {
    const action = /^RedshiftData\.(\w+)$/.exec(request.headers["x-amz-target"] ?? "")?.[1] ?? "";
    const input = new Input(request.body.toString("utf8"));
    try {
      const answer = await this.answer(action, input, request.caller);
      return { status: 200, headers: { "content-type": "application/x-amz-json-1.1" }, body: toJson(answer) };
    } catch (error) {
      throw error instanceof SqlError ? invalid(error.message) : error;
    }
  }

  async close(): Promise<void> {
    for (const statement of this.statements.values()) statement.cancel();
    await Promise.all([...this.statements.values()].map((statement) => statement.done));
    await this.sessions.close();
  }

  private async answer(action: string, input: Input, caller: Caller | undefined): Promise<unknown> {
    switch (action) {
      case "ExecuteStatement":
        return this.execute(action, input, caller, [input.require("Sql")], false);
      case "BatchExecuteStatement":
        return this.execute(action, input, caller, input.strings("Sqls"), true);
      case "ListDatabases":
        return listDatabases(await identify(this.aws, this.warehouses, caller, input, action), input);
      case "ListSchemas":
        return listSchemas(await identify(this.aws, this.warehouses, caller, input, action), input);
      case "ListTables":
        return listTables(await identify(this.aws, this.warehouses, caller, input, action), input);
      case "DescribeTable":
        return describeTable(await identify(this.aws, this.warehouses, caller, input, action), input);
    }
    if (!["DescribeStatement", "GetStatementResult", "CancelStatement", ...LIST_ACTIONS].includes(action)) {
      throw new AwsError(
        "UnknownOperationException",
        `The operation ${action || "without a name"} is not carried by the local Redshift Data API`,
      );
    }
    // These actions take no resource: a policy names "*".
    await this.aws.authorize(caller, `redshift-data:${action}`, "*");
    if (action === "ListStatements") return this.list(input, caller!);
    if (action === "ListSessions") return this.listSessions(input, caller!);
    const { statement, part } = this.find(input.require("Id"));
    checkOwner(statement, caller!, action);
    if (action === "CancelStatement") return this.cancel(statement);
    await this.wait(statement, input);
    return action === "DescribeStatement" ? this.describe(statement, part) : this.result(statement, part, input);
  }

  private async execute(
    action: string,
    input: Input,
    caller: Caller | undefined,
    texts: readonly string[],
    batch: boolean,
  ): Promise<unknown> {
    input.refuse("WithEvent");
    const mode = input.string("ExecutionMode");
    if (mode !== undefined && mode !== "TRANSACTION")
      throw invalid(`ExecutionMode ${mode} is not carried by the local Redshift Data API.`);
    const format = input.string("ResultFormat");
    if (format !== undefined && format !== "JSON")
      throw invalid(`ResultFormat ${format} is not carried by the local Redshift Data API.`);
    if (texts.length < 1 || texts.length > MAX_BATCH)
      throw invalid(`Sqls must hold between 1 and ${MAX_BATCH} statements, got ${texts.length}`);
    for (const text of texts) {
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_STATEMENT_BYTES)
        throw invalid(`The query string is too long: at most ${MAX_STATEMENT_BYTES} bytes, got ${bytes}`);
    }
    const parameters = input.parameters();
    const bound = bind(texts, parameters);
    const keepAlive = input.integer("SessionKeepAliveSeconds", 0, MAX_KEEP_ALIVE);
    const existing = await this.session(input, caller, action);
    const identity = existing?.identity ?? (await identify(this.aws, this.warehouses, caller, input, action));
    const owner = caller!.arn;
    // Before a look at whether the session is free: it is this very statement that may keep it busy.
    const known = this.repeated(owner, input);
    if (!known) existing?.requireFree();
    const active = [...this.statements.values()].filter((statement) => !statement.ended).length;
    if (!known && active >= MAX_ACTIVE) {
      throw new AwsError(
        "ActiveStatementsExceededException",
        `Active statements exceeded the allowed quota (${MAX_ACTIVE}).`,
      );
    }
    const name = input.string("StatementName");
    const now = () => this.aws.clock.now();
    const session = known
      ? known.request.session
      : (existing ?? (keepAlive === undefined ? undefined : this.sessions.open(identity, owner, keepAlive)));
    const request = { identity, owner, texts, bound, batch, parameters, ...(name ? { name } : {}) };
    const statement = known ?? new Statement({ ...request, ...(session ? { session } : {}) }, now);
    if (!known) {
      if (session && keepAlive !== undefined) session.keepAlive = keepAlive;
      session?.begin(statement);
      this.remember(statement, owner, input);
    }
    await this.wait(statement, input);
    const waited = input.integer("WaitTimeSeconds", 1, 30) !== undefined;
    return {
      Id: statement.id,
      CreatedAt: seconds(statement.created),
      ...identity.where,
      Database: identity.database,
      ...(identity.dbUser ? { DbUser: identity.dbUser } : {}),
      ...(identity.secretArn ? { SecretArn: identity.secretArn } : {}),
      ...(session ? { SessionId: session.id } : {}),
      ...(waited ? { Status: statement.status, HasResultSet: hasResult(statement.parts[0]!) } : {}),
    };
  }

  /**
   * The session that a call goes on in. It stands for warehouse, database and identity, which must not be given again; the caller needs the
   * right to run statements there at every call.
   */
  private async session(input: Input, caller: Caller | undefined, action: string): Promise<DataSession | undefined> {
    const id = input.string("SessionId");
    if (id === undefined) return undefined;
    const given = ["ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn"].filter((name) =>
      input.string(name),
    );
    if (given.length > 0) throw invalid(`${given.join(", ")} cannot be given with SessionId: the session has them.`);
    // A stranger hears nothing of which ids there are.
    if (!caller) await this.aws.authorize(caller, `redshift-data:${action}`, "*");
    const session = this.sessions.named(id, caller!, action);
    await this.aws.authorize(caller, `redshift-data:${action}`, session.identity.arn);
    return session;
  }

  /** A ClientToken that came before, in the last 8 hours, with the same request: the same statement, not a second one. */
  private repeated(owner: string, input: Input): Statement | undefined {
    const token = input.string("ClientToken");
    if (token === undefined) return undefined;
    const before = this.tokens.get(`${owner} ${token}`);
    if (!before || this.aws.clock.now().getTime() - before.at > TOKEN_HOURS * 3_600_000) return undefined;
    if (before.fingerprint !== input.fingerprint())
      throw invalid(`The ClientToken ${token} has been used with other parameters.`);
    return this.statements.get(before.id);
  }

  private remember(statement: Statement, owner: string, input: Input): void {
    const now = this.aws.clock.now().getTime();
    for (const [id, { created, ended }] of this.statements) {
      if (ended && now - created.getTime() > RESULT_HOURS * 3_600_000) this.statements.delete(id);
    }
    this.statements.set(statement.id, statement);
    const token = input.string("ClientToken");
    if (token !== undefined)
      this.tokens.set(`${owner} ${token}`, { id: statement.id, fingerprint: input.fingerprint(), at: now });
  }

  /** Long polling: real seconds, for it is the client that waits. */
  private async wait(statement: Statement, input: Input): Promise<void> {
    const most = input.integer("WaitTimeSeconds", 1, 30);
    if (most === undefined || statement.ended) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, most * 1000);
    });
    await Promise.race([statement.done, late]);
    clearTimeout(timer);
  }

  private find(id: string): { readonly statement: Statement; readonly part?: Part } {
    const [whole, number] = id.split(":");
    const statement = this.statements.get(whole!);
    if (!statement) throw notFound("Query does not exist.");
    if (number === undefined) return { statement };
    const part = statement.parts.find((candidate) => candidate.id === id);
    if (!part) throw notFound("Query does not exist.");
    return { statement, part };
  }

  private describe(statement: Statement, part: Part | undefined): unknown {
    const { identity, batch, parameters } = statement.request;
    const only = part ?? (batch ? undefined : statement.parts[0]!);
    const shared = {
      ...identity.where,
      Database: identity.database,
      ...(identity.dbUser ? { DbUser: identity.dbUser } : {}),
      ...(identity.secretArn ? { SecretArn: identity.secretArn } : {}),
      ...(statement.request.session ? { SessionId: statement.request.session.id } : {}),
      ...(statement.pid === undefined ? {} : { RedshiftPid: statement.pid }),
      ...(parameters.length > 0 ? { QueryParameters: parameters } : {}),
      ResultFormat: "JSON",
    };
    if (only) {
      const { Id: _, ...details } = describePart(only, statement);
      return {
        ...shared,
        Id: part ? part.id : statement.id,
        ...details,
        ...(part ? {} : { Status: statement.status, ...(statement.error ? { Error: statement.error } : {}) }),
      };
    }
    return {
      ...shared,
      Id: statement.id,
      Status: statement.status,
      ...(statement.error ? { Error: statement.error } : {}),
      CreatedAt: seconds(statement.created),
      UpdatedAt: seconds(statement.updated),
      Duration: statement.duration,
      HasResultSet: statement.parts.some(hasResult),
      ResultRows: -1,
      ResultSize: -1,
      SubStatements: statement.parts.map((each) => describePart(each, statement)),
    };
  }

  private result(statement: Statement, part: Part | undefined, input: Input): unknown {
    const chosen = part ?? (statement.request.batch ? undefined : statement.parts[0]!);
    if (
      !chosen ||
      !statement.ended ||
      statement.status !== "FINISHED" ||
      !chosen.result ||
      chosen.result.columns.length === 0
    ) {
      throw notFound("Query does not have result. Please check query status with DescribeStatement.");
    }
    const { records, next } = page(chosen.result, readToken(input.string("NextToken")));
    return {
      Records: records,
      ColumnMetadata: chosen.result.columns.map(metadata),
      TotalNumRows: chosen.result.rows.length,
      ...(next === undefined ? {} : { NextToken: writeToken(next) }),
    };
  }

  private cancel(statement: Statement): unknown {
    if (!statement.cancel())
      throw invalid(`Could not cancel a query that is already in ${statement.status} state with ID: ${statement.id}`);
    return { Status: true };
  }

  /** Open sessions of the caller's role, or those of a status, or the one that is named. */
  private listSessions(input: Input, caller: Caller): unknown {
    const id = input.string("SessionId");
    const status = input.string("Status");
    if (id !== undefined && status !== undefined) throw invalid("Status cannot be given with SessionId.");
    const cluster = input.string("ClusterIdentifier");
    const workgroup = input.string("WorkgroupName");
    const all = id === undefined ? this.sessions.all() : [this.sessions.named(id, caller, "ListSessions")];
    const found = all
      .filter((session) => roleOf(session.owner) === roleOf(caller.arn) || id !== undefined)
      .filter((session) => id !== undefined || (status ? session.status === status : session.status !== "CLOSED"))
      .filter(
        ({ identity: { where } }) => !cluster || ("ClusterIdentifier" in where && where.ClusterIdentifier === cluster),
      )
      .filter(
        ({ identity: { where } }) => !workgroup || ("WorkgroupName" in where && where.WorkgroupName === workgroup),
      )
      .reverse();
    return pageOf(input, "Sessions", found.map(describeSession), 100);
  }

  private list(input: Input, caller: Caller): unknown {
    const size = input.integer("MaxResults", 0, 100) || 100;
    const from = readToken(input.string("NextToken"));
    const status = input.string("Status") ?? "ALL";
    const name = input.string("StatementName");
    const found = [...this.statements.values()]
      .filter((statement) => roleOf(statement.request.owner) === roleOf(caller.arn))
      .filter((statement) => status === "ALL" || statement.status === status)
      .filter((statement) => !name || statement.request.name?.startsWith(name))
      .reverse();
    return {
      Statements: found.slice(from, from + size).map((statement) => ({
        Id: statement.id,
        ...(statement.request.batch
          ? { QueryStrings: statement.request.texts }
          : { QueryString: statement.request.texts[0] }),
        IsBatchStatement: statement.request.batch,
        ...(statement.request.name ? { StatementName: statement.request.name } : {}),
        ...(statement.request.parameters.length > 0 ? { QueryParameters: statement.request.parameters } : {}),
        ...(statement.request.identity.secretArn ? { SecretArn: statement.request.identity.secretArn } : {}),
        ...(statement.request.session ? { SessionId: statement.request.session.id } : {}),
        Status: statement.status,
        CreatedAt: seconds(statement.created),
        UpdatedAt: seconds(statement.updated),
      })),
      ...(from + size < found.length ? { NextToken: writeToken(from + size) } : {}),
    };
  }
}

function describeSession(session: DataSession): Record<string, unknown> {
  return {
    SessionId: session.id,
    Status: session.status,
    CreatedAt: seconds(session.created),
    UpdatedAt: seconds(session.updated),
    ...session.identity.where,
    Database: session.identity.database,
    ...(session.identity.dbUser ? { DbUser: session.identity.dbUser } : {}),
    SessionAliveSeconds: session.keepAlive,
    SessionTtl: seconds(session.closesAt),
    ...(session.currentStatement ? { CurrentStatementId: session.currentStatement } : {}),
  };
}

function describePart(part: Part, statement: Statement): Record<string, unknown> {
  return {
    Id: part.id,
    QueryString: part.text,
    Status: part.status,
    ...(part.error ? { Error: part.error } : {}),
    CreatedAt: seconds(statement.created),
    UpdatedAt: seconds(statement.updated),
    Duration: durationOf(part),
    HasResultSet: hasResult(part),
    RedshiftQueryId: part.queryId,
    ResultRows: part.result?.rowCount ?? -1,
    ResultSize: resultSize(part.result),
  };
}

function hasResult(part: Part): boolean {
  return part.status === "FINISHED" && (part.result?.columns.length ?? 0) > 0;
}

/**
 * A statement belongs to the identity that submitted it: for a role, to its session (`aws:userid` holds both). On AWS it is a policy's condition
 * `redshift-data:statement-owner-iam-userid` that says so, as in AWS's own managed policy; here every caller but the account's root is held to it.
 */
function checkOwner(statement: Statement, caller: Caller, action: string): void {
  if (caller.arn === statement.request.owner || caller.arn === `arn:aws:iam::${caller.accountId}:root`) return;
  throw new AwsError(
    "AccessDeniedException",
    `User: ${caller.arn} is not authorized to perform: redshift-data:${action} on statement ${statement.id}, which another identity submitted`,
    400,
  );
}

/** Sessions of one role share the list of their statements. */
function roleOf(arn: string): string {
  return arn.split("/").slice(0, 2).join("/");
}

/** Times are numbers in this protocol, with milliseconds behind the point. */
function seconds(date: Date): number {
  return date.getTime() / 1000;
}
