import { AwsError, type AwsRequest, type AwsResponse, type LocalAws, type Service } from "../../gateway/types";
import { type Application, checkCode, detail, type Json, newApplication } from "./application";

const TARGET = "KinesisAnalytics_20150814.";

type Action = (input: Json, request: AwsRequest) => Json | Promise<Json>;

/**
 * Kinesis Data Analytics for SQL applications, as much of its control plane as Terraform needs. AWS creates no such application any more;
 * here one is kept and runs nothing, so that a stack with engine `sql` can be applied and looked at.
 */
export function createKinesisAnalytics(aws: LocalAws): Service {
  return new KinesisAnalytics(aws);
}

class KinesisAnalytics implements Service {
  readonly names = ["kinesisanalytics"];
  private readonly applications = new Map<string, Application>();

  private readonly actions: Readonly<Record<string, Action>> = {
    CreateApplication: (input, request) => this.create(input, request),
    DescribeApplication: (input) => ({ ApplicationDetail: detail(this.get(input)) }),
    ListApplications: () => ({
      ApplicationSummaries: [...this.applications.values()].map(({ name, arn }) => ({
        ApplicationName: name,
        ApplicationARN: arn,
        ApplicationStatus: "READY",
      })),
      HasMoreApplications: false,
    }),
    UpdateApplication: (input) => this.update(input),
    DeleteApplication: (input) => this.delete(input),
    StartApplication: (input) => {
      const { name } = this.get(input);
      throw new AwsError(
        "UnsupportedOperationException",
        `Application ${name} is not run here: AWS runs no SQL application any more`,
      );
    },
    ListTagsForResource: ({ ResourceARN }) => ({
      Tags: [...this.byArn(ResourceARN).tags].map(([Key, Value]) => ({ Key, Value })),
    }),
    TagResource: ({ ResourceARN, Tags = [] }) => {
      for (const { Key, Value = "" } of Tags) this.byArn(ResourceARN).tags.set(Key, Value);
      return {};
    },
    UntagResource: ({ ResourceARN, TagKeys = [] }) => {
      for (const key of TagKeys) this.byArn(ResourceARN).tags.delete(key);
      return {};
    },
  };

  constructor(private readonly aws: LocalAws) {}

  async handle(request: AwsRequest): Promise<AwsResponse> {
    const target = request.headers["x-amz-target"] ?? "";
    const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : "";
    const action = Object.hasOwn(this.actions, name) ? this.actions[name] : undefined;
    if (!action) {
      throw new AwsError("UnknownOperationException", `${target || "a request without target"} is not carried here`);
    }
    const input = parse(request.body);
    const resource = input.ResourceARN ?? (input.ApplicationName ? this.arn(input.ApplicationName) : "*");
    await this.aws.authorize(request.caller, `kinesisanalytics:${name}`, resource);
    const output = await action(input, request);
    return { status: 200, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(output) };
  }

  private async create(input: Json, { caller }: AwsRequest): Promise<Json> {
    if (this.applications.has(input.ApplicationName)) {
      throw new AwsError("ResourceInUseException", `Application ${input.ApplicationName} already exists`);
    }
    const application = newApplication(input, this.arn(input.ApplicationName), this.now());
    const roles = new Set([...application.inputs, ...application.outputs, ...application.logging].flatMap(rolesOf));
    for (const role of roles) await this.aws.authorize(caller, "iam:PassRole", role);
    this.applications.set(application.name, application);
    return {
      ApplicationSummary: {
        ApplicationName: application.name,
        ApplicationARN: application.arn,
        ApplicationStatus: "READY",
      },
    };
  }

  private update(input: Json): Json {
    const application = this.get(input);
    if (input.CurrentApplicationVersionId !== application.version) {
      throw new AwsError(
        "ConcurrentModificationException",
        `CurrentApplicationVersionId must be ${application.version}, got ${input.CurrentApplicationVersionId}`,
      );
    }
    const { ApplicationCodeUpdate, ...others } = input.ApplicationUpdate ?? {};
    const [refused] = Object.keys(others);
    if (refused !== undefined) {
      throw new AwsError("UnsupportedOperationException", `${refused} is not carried here: delete and create again`);
    }
    if (ApplicationCodeUpdate !== undefined) {
      checkCode(ApplicationCodeUpdate);
      application.code = ApplicationCodeUpdate;
    }
    application.version += 1;
    application.updated = this.now();
    return {};
  }

  private delete(input: Json): Json {
    const application = this.get(input);
    if (Math.floor(input.CreateTimestamp) !== application.created) {
      throw new AwsError("InvalidArgumentException", `CreateTimestamp is not that of application ${application.name}`);
    }
    this.applications.delete(application.name);
    return {};
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

  private arn(name: string): string {
    return `arn:aws:kinesisanalytics:${this.aws.region}:${this.aws.accountId}:application/${name}`;
  }

  private now(): number {
    return Math.floor(this.aws.clock.now().getTime() / 1000);
  }
}

/** Every RoleARN in a part of an application. */
function rolesOf(part: Json): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, value]) =>
    name === "RoleARN" && typeof value === "string" ? [value] : rolesOf(value),
  );
}

function parse(body: Buffer): Json {
  try {
    return JSON.parse(body.toString("utf8") || "{}");
  } catch {
    throw new AwsError("SerializationException", "The request body is not JSON");
  }
}
