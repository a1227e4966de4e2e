import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { CloudwatchLogStream } from "@cdktf/provider-aws/lib/cloudwatch-log-stream";
import type { Construct } from "constructs";
import { checkLogRetention } from "../support/log-retention";

/** The log of an application, as group `log` and stream `log-stream` of `scope`. */
export function applicationLog(
  scope: Construct,
  props: { readonly name: string; readonly key: { readonly arn: string }; readonly logRetentionDays?: number },
): { readonly group: CloudwatchLogGroup; readonly stream: CloudwatchLogStream } {
  const group = new CloudwatchLogGroup(scope, "log", {
    name: `/aws/kinesis-analytics/${props.name}`,
    kmsKeyId: props.key.arn,
    retentionInDays: checkLogRetention(scope, props.logRetentionDays),
  });
  return {
    group,
    stream: new CloudwatchLogStream(scope, "log-stream", { name: "application", logGroupName: group.name }),
  };
}
