import {
  AwsError,
  type AwsRequest,
  type AwsResponse,
  type Caller,
  type LocalAws,
  type Service,
} from "../../gateway/types";
import { invalid } from "./errors";
import { Execution } from "./execution";
import { Input, pageOf, readToken, writeToken } from "./input";
import { checkQuery, NamedQueries } from "./named-queries";
import { describeWorkGroup, resultsOf, summaryOf, type WorkGroup, WorkGroups } from "./workgroups";

/** Queries that are kept after they have ended, the newest; AWS keeps them 45 days. */
const HISTORY = 1000;
/** Of GetQueryResults, the header included. */
const MAX_ROWS = 1000;

/** Amazon Athena on the Glue tables and the buckets of the local AWS. */
export function createAthena(aws: LocalAws): Service {
  return new Athena(aws);
}

class Athena implements Service {
  readonly names = ["athena"];
  private readonly workgroups: WorkGroups;
  private readonly queries = new NamedQueries();
  private readonly executions = new Map<string, Execution>();
  private readonly tags = new Map<string, Record<string, string>>();
  /** Execution by caller and ClientRequestToken. */
  private readonly tokens = new Map<string, Execution>();

  constructor(private readonly aws: LocalAws) {
    this.workgroups = new WorkGroups(() => aws.clock.now());
  }

  async handle(request: AwsRequest): Promise<AwsResponse> {
    const action = /^AmazonAthena\.(\w+)$/.exec(request.headers["x-amz-target"] ?? "")?.[1] ?? "";
    const input = Input.parse(request.body.toString("utf8"));
    const answer = await this.answer(action, input, request.caller);
    return { status: 200, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(answer) };
  }

  async close(): Promise<void> {
    for (const execution of this.executions.values()) execution.stop();
    await Promise.all([...this.executions.values()].map(({ done }) => done));
  }

  private async answer(action: string, input: Input, caller: Caller | undefined): Promise<unknown> {
    /** Checks the right to the action on a workgroup before it says whether there is one. */
    const on = (workgroup: string) => this.aws.authorize(caller, `athena:${action}`, this.arnOf(workgroup));
    switch (action) {
      case "CreateWorkGroup":
        await on(input.require("Name"));
        this.tags.set(this.arnOf(this.workgroups.create(input).name), input.tags());
        return {};
      case "GetWorkGroup":
        await on(input.require("WorkGroup"));
        return { WorkGroup: describeWorkGroup(this.workgroups.get(input.require("WorkGroup"))) };
      case "UpdateWorkGroup":
        await on(input.require("WorkGroup"));
        this.workgroups.update(input);
        return {};
      case "DeleteWorkGroup":
        await on(input.require("WorkGroup"));
        this.deleteWorkGroup(input.require("WorkGroup"), input.boolean("RecursiveDeleteOption") ?? false);
        return {};
      case "ListWorkGroups": {
        await this.aws.authorize(caller, "athena:ListWorkGroups", "*");
        const { page, ...next } = pageOf(input, this.workgroups.all(), 50);
        return { WorkGroups: page.map(summaryOf), ...next };
      }
      case "ListTagsForResource":
      case "TagResource":
      case "UntagResource":
        await this.aws.authorize(caller, `athena:${action}`, input.require("ResourceARN"));
        return this.tag(action, input);
      case "CreateNamedQuery":
        await on(input.string("WorkGroup") ?? "primary");
        return {
          NamedQueryId: this.queries.create(input, this.workgroups.get(input.string("WorkGroup") ?? "primary").name)
            .NamedQueryId,
        };
      case "GetNamedQuery":
        await on(this.queries.get(input.require("NamedQueryId")).WorkGroup);
        return { NamedQuery: this.queries.get(input.require("NamedQueryId")) };
      case "UpdateNamedQuery":
        await on(this.queries.get(input.require("NamedQueryId")).WorkGroup);
        this.queries.update(input);
        return {};
      case "DeleteNamedQuery":
        await on(this.queries.get(input.require("NamedQueryId")).WorkGroup);
        this.queries.delete(input.require("NamedQueryId"));
        return {};
      case "BatchGetNamedQuery": {
        const ids = input.strings("NamedQueryIds");
        const found = ids.map((id) => this.queries.find(id)).filter((query) => query !== undefined);
        for (const { WorkGroup } of found) await on(WorkGroup);
        const missing = ids.filter((id) => !this.queries.find(id));
        return {
          NamedQueries: found,
          UnprocessedNamedQueryIds: missing.map((id) => ({
            NamedQueryId: id,
            ErrorCode: "INVALID_INPUT",
            ErrorMessage: "Named query not found",
          })),
        };
      }
      case "ListNamedQueries": {
        const name = input.string("WorkGroup") ?? "primary";
        await on(name);
        const { page, ...next } = pageOf(input, this.queries.of(this.workgroups.get(name).name), 50);
        return { NamedQueryIds: page.map(({ NamedQueryId }) => NamedQueryId), ...next };
      }
      case "StartQueryExecution":
        await on(input.string("WorkGroup") ?? "primary");
        return { QueryExecutionId: this.start(input, caller!).id };
      case "ListQueryExecutions": {
        const name = input.string("WorkGroup") ?? "primary";
        await on(name);
        this.workgroups.get(name);
        const found = [...this.executions.values()].filter(({ request }) => request.workgroup.name === name).reverse();
        const { page, ...next } = pageOf(input, found, 50);
        return { QueryExecutionIds: page.map(({ id }) => id), ...next };
      }
      case "GetQueryExecution":
      case "GetQueryResults":
      case "StopQueryExecution": {
        const execution = this.find(input.require("QueryExecutionId"));
        await on(execution.request.workgroup.name);
        if (action === "GetQueryExecution") return { QueryExecution: execution.describe() };
        if (action === "GetQueryResults") return resultsPage(execution, input, caller!);
        execution.stop();
        return {};
      }
      default:
        throw new AwsError(
          "UnknownOperationException",
          `The operation ${action || "without a name"} is not carried by the local Athena`,
        );
    }
  }

  private start(input: Input, caller: Caller): Execution {
    input.refuse("ExecutionParameters", "EngineConfiguration");
    const reuse = input.structure("ResultReuseConfiguration").structure("ResultReuseByAgeConfiguration");
    if (reuse.boolean("Enabled")) throw invalid("ResultReuseConfiguration is not carried by the local Athena");
    const sql = checkQuery(input.require("QueryString"));
    const workgroup = this.workgroups.get(input.string("WorkGroup") ?? "primary");
    if (workgroup.state === "DISABLED") throw invalid(`WorkGroup ${workgroup.name} is disabled.`);
    const context = input.structure("QueryExecutionContext");
    const catalog = context.string("Catalog");
    if (catalog !== undefined && catalog.toLowerCase() !== "awsdatacatalog") {
      throw invalid(`Catalog ${catalog} is not carried by the local Athena; it knows AwsDataCatalog`);
    }
    // https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    const own = resultsOf(input.structure("ResultConfiguration"));
    const results = workgroup.enforced ? workgroup.results : { ...workgroup.results, ...own };
    const { OutputLocation } = results;
    if (OutputLocation === undefined) {
      throw invalid(
        "No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.",
      );
    }
    const token = input.string("ClientRequestToken");
    const before = token === undefined ? undefined : this.tokens.get(`${caller.arn} ${token}`);
    if (before) {
      if (before.request.sql !== sql) throw invalid("Idempotent parameters do not match");
      return before;
    }
    const database = context.string("Database");
    const request = { sql, database, catalog, workgroup, results: { ...results, OutputLocation }, caller };
    const execution = new Execution(request, this.aws);
    this.executions.set(execution.id, execution);
    if (token !== undefined) this.tokens.set(`${caller.arn} ${token}`, execution);
    this.forgetOldest();
    return execution;
  }

  private forgetOldest(): void {
    for (const [id, execution] of this.executions) {
      if (this.executions.size <= HISTORY) return;
      if (!execution.ended) continue;
      this.executions.delete(id);
      for (const [token, known] of this.tokens) if (known === execution) this.tokens.delete(token);
    }
  }

  private find(id: string): Execution {
    const found = this.executions.get(id);
    if (!found) throw invalid(`QueryExecution ${id} was not found`);
    return found;
  }

  private deleteWorkGroup(name: string, recursive: boolean): void {
    const { name: found }: WorkGroup = this.workgroups.get(name);
    const queries = this.queries.of(found);
    const executed = [...this.executions.values()].filter(({ request }) => request.workgroup.name === found);
    if (!recursive && queries.length + executed.length > 0) throw invalid(`WorkGroup ${name} is not empty`);
    this.workgroups.delete(found);
    this.tags.delete(this.arnOf(found));
    for (const { NamedQueryId } of queries) this.queries.delete(NamedQueryId);
    for (const execution of executed) {
      execution.stop();
      this.executions.delete(execution.id);
    }
  }

  private tag(action: string, input: Input): unknown {
    const arn = input.require("ResourceARN");
    const name = arn.split(":workgroup/")[1];
    if (name === undefined) throw invalid(`ResourceARN must be that of a workgroup, got ${arn}`);
    this.workgroups.get(name);
    const tags = this.tags.get(arn) ?? {};
    if (action === "TagResource") this.tags.set(arn, { ...tags, ...input.tags() });
    if (action === "UntagResource") {
      const gone = input.strings("TagKeys");
      this.tags.set(arn, Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))));
    }
    return action === "ListTagsForResource"
      ? { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
      : {};
  }

  private arnOf(workgroup: string): string {
    return `arn:aws:athena:${this.aws.region}:${this.aws.accountId}:workgroup/${workgroup}`;
  }
}

async function resultsPage(execution: Execution, input: Input, caller: Caller): Promise<unknown> {
  const size = input.integer("MaxResults", 1, MAX_ROWS) ?? MAX_ROWS;
  const { page, next } = await execution.rows(caller, readToken(input.string("NextToken")), size);
  return { ...(page as object), ...(next === undefined ? {} : { NextToken: writeToken(next) }) };
}
