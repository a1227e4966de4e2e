import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaFunction as Fn } from "@cdktf/provider-aws/lib/lambda-function";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { checkInteger, checkMatch } from "../support/check";
import { allow, serviceRole } from "../support/iam";
import { checkLogRetention } from "../support/log-retention";
import { idOf } from "../support/name";
import { FunctionPackage } from "./package";
import { VpcAccess } from "./vpc-access";

export interface LambdaFunctionProps {
  /** 1 to 64 letters, digits, `-` and `_`. */
  readonly name: string;

  /** Folder of `lambda-src/` that holds the handler. */
  readonly source: string;

  /** Key that encrypts the logs and the environment. */
  readonly key: EncryptionKey;

  /**
   * Variables that the handler's `config.ts` asks for. Never a secret: whoever may read the function's configuration sees them.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Name of its role, 1 to 64 characters, for policies of another account that name it before it is there.
   *
   * @default - one that Terraform makes
   */
  readonly roleName?: string;

  /** Seconds an invocation may take, 1 to 900. */
  readonly timeoutSeconds: number;

  /**
   * Memory in MB, 128 to 10240; processor time grows with it.
   *
   * @default 256
   */
  readonly memoryMb?: number;

  /**
   * Days the logs are kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;

  /**
   * Subnets of a VPC to run in, and the security group that says what it reaches there. Then it reaches nothing else but what the VPC has a way to; logs and
   * traces are Lambda's own and need none.
   *
   * @default - no VPC
   */
  readonly network?: { readonly subnetIds: readonly string[]; readonly securityGroupId: string };
}

/**
 * A Node.js Lambda function from `lambda-src/`, with a published version behind the alias `live`, a role of its own and a log group.
 *
 * Callers are given the alias: an invocation runs the version that was applied last as a whole, never a half-updated `$LATEST`.
 *
 * @example
 * const transform = new LambdaFunction(this, "transform", { name: "transform", source: "transform-telemetry", key, timeoutSeconds: 60 });
 * transform.grantInvoke(firehoseRole);
 */
export class LambdaFunction extends Construct {
  /** The function itself, for anything these props do not cover. */
  readonly fn: Fn;

  /** Role the handler runs as. It may write its own logs and traces; everything else is granted by whoever owns it. */
  readonly role: IamRole;

  /** Alias `live` of the published version. */
  readonly alias: LambdaAlias;

  constructor(scope: Construct, id: string, props: LambdaFunctionProps) {
    super(scope, id);
    checkMatch(this, "name", props.name, /^[a-zA-Z0-9_-]{1,64}$/, "1 to 64 letters, digits, - and _");
    const timeout = checkInteger(this, "timeoutSeconds", props.timeoutSeconds, 1, 900);
    const memory = checkInteger(this, "memoryMb", props.memoryMb ?? 256, 128, 10240);

    this.role = serviceRole(this, "role", "lambda.amazonaws.com", [], props.roleName);
    const logs = new CloudwatchLogGroup(this, "logs", {
      name: `/aws/lambda/${props.name}`,
      retentionInDays: checkLogRetention(this, props.logRetentionDays),
      kmsKeyId: props.key.arn,
    });
    const mayLog = allow(this, "write-logs", this.role, {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      on: [`${logs.arn}:*`],
    });

    // X-Ray knows no narrower resource for these.
    const mayTrace = allow(this, "write-traces", this.role, {
      actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
      on: ["*"],
    });

    const mayJoin = props.network
      ? [new VpcAccess(this, "vpc-access", { role: this.role, functionName: props.name }).policy]
      : [];

    const { zip } = new FunctionPackage(this, "package", props.source);
    const environment = props.environment ?? {};
    const hasEnvironment = Object.keys(environment).length > 0;
    if (hasEnvironment) props.key.grantUse(this.role);
    this.fn = new Fn(this, "function", {
      functionName: props.name,
      role: this.role.arn,
      runtime: "nodejs22.x",
      architectures: ["arm64"],
      handler: "index.handler",
      filename: zip.outputPath,
      sourceCodeHash: zip.outputBase64Sha256,
      timeout,
      memorySize: memory,
      publish: true,
      loggingConfig: { logFormat: "JSON", logGroup: logs.name },
      tracingConfig: { mode: "Active" },
      ...(hasEnvironment ? { environment: { variables: { ...environment } }, kmsKeyArn: props.key.arn } : {}),
      ...(props.network
        ? { vpcConfig: { subnetIds: [...props.network.subnetIds], securityGroupIds: [props.network.securityGroupId] } }
        : {}),
      dependsOn: [mayLog, mayTrace, ...mayJoin],
    });
    this.alias = new LambdaAlias(this, "live", {
      name: "live",
      functionName: this.fn.functionName,
      functionVersion: this.fn.version,
    });
  }

  get arn(): string {
    return this.fn.arn;
  }

  get aliasArn(): string {
    return this.alias.arn;
  }

  /** Lets `grantee` invoke the alias `live`, and nothing else. */
  grantInvoke(grantee: IamRole): void {
    allow(this, `invoke-${idOf(grantee)}`, grantee, { actions: ["lambda:InvokeFunction"], on: [this.aliasArn] });
  }
}
