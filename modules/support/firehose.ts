import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { CloudwatchLogStream } from "@cdktf/provider-aws/lib/cloudwatch-log-stream";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { type ITerraformDependable, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import type { BufferingProps } from "./firehose-checks";
import { allow } from "./iam";
import { checkLogRetention } from "./log-retention";
import { idOf } from "./name";

/** What the delivery modules have in common. */

const PUT_ACTIONS = ["firehose:PutRecord", "firehose:PutRecordBatch"];

/** What every delivery stream is told. */
export interface DeliveryProps extends BufferingProps {
  /** 1 to 64 letters, digits, `_`, `.` and `-`. */
  readonly name: string;

  /** Key that encrypts the error log and what waits inside Firehose. */
  readonly key: EncryptionKey;

  /**
   * Days the error log is kept.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

export interface DeliveryLog {
  /** For `cloudwatchLoggingOptions`. */
  readonly options: { readonly enabled: true; readonly logGroupName: string; readonly logStreamName: string };
  /** Its right to write it, on which the delivery stream depends; none for a role that is not ours to give rights. */
  readonly rights: readonly IamRolePolicy[];
}

/** The log group that AWS's console makes, with its stream, which `role` (where it is ours) may write and nothing else. */
export function deliveryLog(
  scope: Construct,
  role: IamRole | undefined,
  props: Pick<DeliveryProps, "name" | "key" | "logRetentionDays">,
): DeliveryLog {
  const group = new CloudwatchLogGroup(scope, "logs", {
    name: `/aws/kinesisfirehose/${props.name}`,
    retentionInDays: checkLogRetention(scope, props.logRetentionDays),
    kmsKeyId: props.key.arn,
  });
  const stream = new CloudwatchLogStream(scope, "log-stream", {
    name: "DestinationDelivery",
    logGroupName: group.name,
  });
  const rights = role
    ? [
        allow(scope, "write-logs", role, {
          actions: ["logs:PutLogEvents"],
          on: [`${group.arn}:log-stream:${stream.name}`],
        }),
      ]
    : [];
  return { options: { enabled: true, logGroupName: group.name, logStreamName: stream.name }, rights };
}

/**
 * Runs `grant` and answers the policies it made, wherever they hang. A delivery stream depends on them: it is not made before its role
 * may work, and, which matters more, the role keeps its rights until the stream is gone.
 */
export function policiesOf(scope: Construct, grant: () => void): ITerraformDependable[] {
  const stack = TerraformStack.of(scope);
  const before = new Set(stack.node.findAll());
  grant();
  return stack.node
    .findAll()
    .filter((made): made is IamRolePolicy => made instanceof IamRolePolicy && !before.has(made));
}

/** Lets `grantee` put records on the delivery stream `arn`, and nothing else. */
export function allowPut(scope: Construct, arn: string, grantee: IamRole): void {
  allow(scope, `put-${idOf(grantee)}`, grantee, { actions: PUT_ACTIONS, on: [arn] });
}

/** Server-side encryption of what waits inside Firehose; for Direct PUT only, a Kinesis source brings its own. */
export const encryptedWith = (key: EncryptionKey) => ({
  enabled: true,
  keyType: "CUSTOMER_MANAGED_CMK",
  keyArn: key.arn,
});
