import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";
import { allow, serviceRole } from "../support/iam";

export interface FlowLogsProps {
  readonly name: string;
  readonly vpc: Vpc;
  readonly key: EncryptionKey;
  readonly retentionDays: number;
}

/** Who spoke to whom in a VPC, admitted or rejected, in a log group. https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, { name, vpc, key, retentionDays }: FlowLogsProps) {
    super(scope, id);
    const account = new DataAwsCallerIdentity(this, "account").accountId;
    // Without the condition another account's flow logs could be written here through this role.
    const role = serviceRole(this, "role", "vpc-flow-logs.amazonaws.com", [
      { test: "StringEquals", variable: "aws:SourceAccount", values: [account] },
    ]);
    const logs = new CloudwatchLogGroup(this, "logs", {
      name: `/aws/vpc/${name}`,
      retentionInDays: retentionDays,
      kmsKeyId: key.arn,
    });
    const mayWrite = allow(this, "write", role, {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
      on: [logs.arn, `${logs.arn}:*`],
    });
    new FlowLog(this, "flow-log", {
      vpcId: vpc.id,
      trafficType: "ALL",
      maxAggregationInterval: 600,
      logDestinationType: "cloud-watch-logs",
      logDestination: logs.arn,
      iamRoleArn: role.arn,
      tags: { Name: name },
      dependsOn: [mayWrite],
    });
  }
}
