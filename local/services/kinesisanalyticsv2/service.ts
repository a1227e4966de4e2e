import { AwsError, type AwsRequest, type AwsResponse, type LocalAws, type Service } from "../../gateway/types";
import {
  type Application,
  bump,
  checkCurrent,
  checkRuntime,
  type Json,
  mergeUpdate,
  newApplication,
  newToken,
  type Operation,
  seconds,
} from "./application";
import { detail, operationDetail, snapshotDetail, summary } from "./describe";
import { JobError } from "./errors";
import { Job, type JobSpec } from "./job";
import type { Positions } from "./shards";

const TARGET = "KinesisAnalytics_20180523.";
const GROUP = "SqlRunner";

type Action = (input: Json, request: AwsRequest) => Promise<Json>;

/** Managed Service for Apache Flink: the control plane, and the SELECT of a started application on its stream. */
export function createKinesisAnalyticsV2(aws: LocalAws): Service {
  return new KinesisAnalyticsV2(aws);
}

class KinesisAnalyticsV2 implements Service {
  /** The second version of the API signs under the name of the first. */
  readonly names = ["kinesisanalytics"];

  private readonly applications = new Map<string, Application>();
  private readonly jobs = new Map<string, Job>();
  /** Starts and stops that go on behind an answered request. */
  private readonly background = new Set<Promise<void>>();
  private closed = false;

  private readonly actions: Readonly<Record<string, Action>> = {
    CreateApplication: (input, request) => this.create(input, request),
    DescribeApplication: async (input) => ({ ApplicationDetail: detail(this.get(input)) }),
    ListApplications: async () => ({ ApplicationSummaries: [...this.applications.values()].map(summary) }),
    UpdateApplication: (input, request) => this.update(input, request),
    DeleteApplication: (input) => this.delete(input),
    StartApplication: (input) => this.start(input),
    StopApplication: (input) => this.stop(input),
    DescribeApplicationOperation: async (input) => ({
      ApplicationOperationInfoDetails: operationDetail(this.operation(input)),
    }),
    ListApplicationOperations: async (input) => ({
      ApplicationOperationInfoList: this.get(input).operations.map(operationDetail).reverse(),
    }),
    ListApplicationSnapshots: async (input) => {
      const application = this.get(input);
      return { SnapshotSummaries: application.snapshots.map((snapshot) => snapshotDetail(application, snapshot)) };
    },
    AddApplicationCloudWatchLoggingOption: (input) => this.addLogging(input),
    DeleteApplicationCloudWatchLoggingOption: (input) => this.deleteLogging(input),
    ListTagsForResource: async ({ ResourceARN }) => ({
      Tags: [...this.byArn(ResourceARN).tags].map(([Key, Value]) => ({ Key, Value })),
    }),
    TagResource: async ({ ResourceARN, Tags = [] }) => {
      for (const { Key, Value = "" } of Tags) this.byArn(ResourceARN).tags.set(Key, Value);
      return {};
    },
    UntagResource: async ({ ResourceARN, TagKeys = [] }) => {
      for (const key of TagKeys) this.byArn(ResourceARN).tags.delete(key);
      return {};
    },
  };

  constructor(private readonly aws: LocalAws) {}

  async handle(request: AwsRequest): Promise<AwsResponse> {
    const target = request.headers["x-amz-target"] ?? "";
    const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : undefined;
    const action = name === undefined ? undefined : this.actions[name];
    if (!name || !action) {
      throw new AwsError("UnknownOperationException", `${target || "a request without target"} is not carried here`);
    }
    const input: Json = parse(request.body);
    const resource = input.ResourceARN ?? (input.ApplicationName ? this.arn(input.ApplicationName) : "*");
    await this.aws.authorize(request.caller, `kinesisanalytics:${name}`, resource);
    const output = await action(input, request);
    return { status: 200, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(output) };
  }

  pending(): number {
    return [...this.jobs.values()].reduce((sum, job) => sum + job.pending(), 0);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.background);
    await Promise.all([...this.jobs.values()].map((job) => job.stop()));
    this.jobs.clear();
  }

  private arn(name: string): string {
    return `arn:aws:kinesisanalytics:${this.aws.region}:${this.aws.accountId}:application/${name}`;
  }

  private now(): number {
    return seconds(this.aws.clock.now());
  }

  private get({ ApplicationName: name }: Json): Application {
    const application = this.applications.get(name);
    if (!application) throw new AwsError("ResourceNotFoundException", `Application ${name} does not exist`);
    return application;
  }

  private byArn(arn: string): Application {
    const application = [...this.applications.values()].find((one) => one.arn === arn);
    if (!application) throw new AwsError("ResourceNotFoundException", `Resource ${arn} does not exist`);
    return application;
  }

  private operation(input: Json): Operation {
    const operation = this.get(input).operations.find(({ id }) => id === input.OperationId);
    if (!operation) throw new AwsError("ResourceNotFoundException", `Operation ${input.OperationId} does not exist`);
    return operation;
  }

  private async create(input: Json, { caller }: AwsRequest): Promise<Json> {
    if (this.applications.has(input.ApplicationName)) {
      throw new AwsError("ResourceInUseException", `Application ${input.ApplicationName} already exists`);
    }
    const application = newApplication(input, this.arn(input.ApplicationName), this.now());
    await this.aws.authorize(caller, "iam:PassRole", application.role);
    this.applications.set(application.name, application);
    return { ApplicationDetail: detail(application) };
  }

  private async update(input: Json, { caller }: AwsRequest): Promise<Json> {
    const application = this.get(input);
    checkCurrent(application, input);
    if (application.status !== "READY" && application.status !== "RUNNING") throw inUse(application, "updated");
    if (input.RuntimeEnvironmentUpdate) checkRuntime(input.RuntimeEnvironmentUpdate);
    if (input.ServiceExecutionRoleUpdate) {
      await this.aws.authorize(caller, "iam:PassRole", input.ServiceExecutionRoleUpdate);
    }
    mergeUpdate(application.configuration, structuredClone(input.ApplicationConfigurationUpdate ?? {}));
    application.role = input.ServiceExecutionRoleUpdate ?? application.role;
    application.runtime = input.RuntimeEnvironmentUpdate ?? application.runtime;
    for (const { CloudWatchLoggingOptionId: id, LogStreamARNUpdate } of input.CloudWatchLoggingOptionUpdates ?? []) {
      const option = application.logging.find((one) => one.CloudWatchLoggingOptionId === id);
      if (option && LogStreamARNUpdate) option.LogStreamARN = LogStreamARNUpdate;
    }
    if (input.RunConfigurationUpdate) {
      application.run ??= {};
      mergeUpdate(application.run, structuredClone(input.RunConfigurationUpdate));
    }
    bump(application, this.now());
    const operation = this.begin(application, "UpdateApplication");
    if (application.status === "RUNNING") {
      // A running application restarts on its new configuration where the old one was.
      application.status = "UPDATING";
      this.behind(application, operation, async () => {
        const positions = await this.end(application);
        await this.launch(application, positions);
      });
    } else finish(operation, this.now());
    return { ApplicationDetail: detail(application), OperationId: operation.id };
  }

  private async delete(input: Json): Promise<Json> {
    const application = this.get(input);
    if (Math.abs(Number(input.CreateTimestamp) - application.created) >= 1 || input.CreateTimestamp === undefined) {
      throw new AwsError("ConcurrentModificationException", `CreateTimestamp is not that of ${application.name}`);
    }
    if (application.status !== "READY" && application.status !== "RUNNING") throw inUse(application, "deleted");
    this.applications.delete(application.name);
    await this.end(application);
    return {};
  }

  private async start(input: Json): Promise<Json> {
    const application = this.get(input);
    if (application.status !== "READY") throw inUse(application, "started");
    const positions = restorePoint(application, input.RunConfiguration?.ApplicationRestoreConfiguration ?? {});
    application.run = input.RunConfiguration ?? {};
    application.status = "STARTING";
    const operation = this.begin(application, "StartApplication");
    this.behind(application, operation, () => this.launch(application, positions));
    return { OperationId: operation.id };
  }

  private async stop(input: Json): Promise<Json> {
    const application = this.get(input);
    if (application.status !== "RUNNING") throw inUse(application, "stopped");
    const takesSnapshot = application.configuration.ApplicationSnapshotConfiguration?.SnapshotsEnabled && !input.Force;
    application.status = input.Force ? "FORCE_STOPPING" : "STOPPING";
    const operation = this.begin(application, "StopApplication");
    this.behind(application, operation, async () => {
      const positions = await this.end(application);
      if (takesSnapshot) {
        const name = `STOP-${application.name}-${this.aws.clock.now().getTime()}`;
        application.snapshots.push({ name, created: this.now(), version: application.version, positions });
      }
      application.status = "READY";
    });
    return { OperationId: operation.id };
  }

  private async addLogging(input: Json): Promise<Json> {
    const application = this.get(input);
    checkCurrent(application, input);
    if (application.logging.length > 0) {
      throw new AwsError("InvalidArgumentException", "An application has at most one CloudWatch logging option");
    }
    bump(application, this.now());
    const id = `${application.version}.1`;
    application.logging.push({ CloudWatchLoggingOptionId: id, ...input.CloudWatchLoggingOption });
    return {
      ApplicationARN: application.arn,
      ApplicationVersionId: application.version,
      CloudWatchLoggingOptionDescriptions: application.logging,
    };
  }

  private async deleteLogging(input: Json): Promise<Json> {
    const application = this.get(input);
    checkCurrent(application, input);
    const id = input.CloudWatchLoggingOptionId;
    const at = application.logging.findIndex((option) => option.CloudWatchLoggingOptionId === id);
    if (at < 0) throw new AwsError("ResourceNotFoundException", `Logging option ${id} does not exist`);
    application.logging.splice(at, 1);
    bump(application, this.now());
    return { ApplicationARN: application.arn, ApplicationVersionId: application.version };
  }

  private begin(application: Application, name: string): Operation {
    const operation: Operation = { id: newToken(), name, started: this.now(), status: "IN_PROGRESS" };
    application.operations.push(operation);
    return operation;
  }

  /** Does the work of an operation behind its answer. A failure leaves the application READY and is told by the operation. */
  private behind(application: Application, operation: Operation, work: () => Promise<void>): void {
    const done = work()
      .then(() => finish(operation, this.now()))
      .catch((error: Error) => {
        application.status = "READY";
        finish(operation, this.now(), error instanceof JobError ? error.message : `${error.name}: ${error.message}`);
      })
      .finally(() => this.background.delete(done));
    this.background.add(done);
  }

  private async launch(application: Application, positions: Positions): Promise<void> {
    const job = await Job.start(this.aws, specOf(application, positions));
    if (this.closed || this.applications.get(application.name) !== application) {
      await job.stop();
      return;
    }
    this.jobs.set(application.name, job);
    application.status = "RUNNING";
  }

  private async end(application: Application): Promise<Positions> {
    const job = this.jobs.get(application.name);
    this.jobs.delete(application.name);
    return (await job?.stop()) ?? {};
  }
}

function parse(body: Buffer): Json {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    throw new AwsError("SerializationException", "The request's body is not JSON");
  }
}

function inUse({ name, status }: Application, done: string): AwsError {
  return new AwsError("ResourceInUseException", `Application ${name} cannot be ${done} while it is ${status}`);
}

function finish(operation: Operation, now: number, error?: string): void {
  operation.ended = now;
  operation.status = error === undefined ? "SUCCESSFUL" : "FAILED";
  operation.error = error;
}

/** Where a start goes on: at the latest snapshot unless the request says otherwise, as on AWS. */
function restorePoint(application: Application, restore: Json): Positions {
  const type = restore.ApplicationRestoreType ?? "RESTORE_FROM_LATEST_SNAPSHOT";
  if (type === "SKIP_RESTORE_FROM_SNAPSHOT") return {};
  if (type === "RESTORE_FROM_LATEST_SNAPSHOT") return application.snapshots.at(-1)?.positions ?? {};
  const snapshot = application.snapshots.find(({ name }) => name === restore.SnapshotName);
  if (snapshot) return snapshot.positions;
  throw new AwsError(
    "InvalidArgumentException",
    `Snapshot ${restore.SnapshotName} of ${application.name} does not exist`,
  );
}

function specOf({ name, arn, role, configuration }: Application, positions: Positions): JobSpec {
  const code = configuration.ApplicationCodeConfiguration?.CodeContent?.S3ContentLocation;
  if (!code) throw new JobError("the application has no code in S3");
  const groups: Json[] = configuration.EnvironmentProperties?.PropertyGroups ?? [];
  const group = groups.find(({ PropertyGroupId }) => PropertyGroupId === GROUP);
  if (!group) {
    const known = groups.map(({ PropertyGroupId }) => PropertyGroupId).join(", ") || "none";
    throw new JobError(`no property group ${GROUP}; the application has ${known}`);
  }
  return {
    name,
    arn,
    role,
    properties: group.PropertyMap,
    code: { bucket: code.BucketARN.replace(/^.*:::/, ""), key: code.FileKey, version: code.ObjectVersion },
    positions,
  };
}
