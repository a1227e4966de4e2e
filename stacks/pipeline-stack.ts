import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Id } from "@cdktf/provider-random/lib/id";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { BackendSettings, Settings } from "../settings";

/** A year where an incident may be looked into long after it happened. */
const LOG_RETENTION_DAYS = { dev: 30, prod: 365 } as const;

/** What every stack has: its providers, its state's place, and names that do not meet those of another deployment. */
export abstract class PipelineStack extends TerraformStack {
  /** Whether the stack's data may be thrown away with it. */
  protected readonly disposable: boolean;

  /** Days that logs for finding faults are kept. */
  protected readonly logRetentionDays: number;

  private readonly prefix: string;
  private readonly suffix: Id;

  protected constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.disposable = settings.profile === "dev";
    this.logRetentionDays = settings.logRetentionDays ?? LOG_RETENTION_DAYS[settings.profile];
    this.prefix = settings.prefix;
    new AwsProvider(this, "aws", {
      region: settings.region,
      defaultTags: [{ tags: { project: settings.prefix, stack: id, profile: settings.profile } }],
    });
    new RandomProvider(this, "random");
    new ArchiveProvider(this, "archive");
    this.keepStateIn(settings.backend);
    this.suffix = new Id(this, "suffix", { byteLength: 3 });
  }

  /** `prefix-part-suffix`: readable, and unique among deployments. */
  protected nameOf(part: string): string {
    return `${this.prefix}-${part}-${this.suffix.hex}`;
  }

  /** `prefix-part`: the same in each stack of a deployment, for what another one looks up by its name. Two deployments need two prefixes. */
  protected knownAs(part: string): string {
    return `${this.prefix}-${part}`;
  }

  /** Outputs by their own names, so that `terraform output api_url` finds them. */
  protected output(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      new TerraformOutput(this, name, { value, staticId: true });
    }
  }

  private keepStateIn(backend: BackendSettings): void {
    const stack = this.node.id;
    switch (backend.kind) {
      case "local":
        // Relative to the stack's folder in cdktf.out, and outside of cdktf.out: synth deletes the folder of a stack that left the app.
        new LocalBackend(this, { path: `../../../.terraform-state/${stack}/terraform.tfstate` });
        return;
      case "s3":
        new S3Backend(this, {
          bucket: backend.bucket,
          region: backend.region,
          key: `${this.prefix}/${stack}.tfstate`,
          encrypt: true,
          dynamodbTable: backend.lockTable,
        });
        return;
      case "hcp":
        new CloudBackend(this, {
          organization: backend.organization,
          workspaces: new NamedCloudWorkspace(`${backend.workspacePrefix}${stack}`),
        });
    }
  }
}
