import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { Construct } from "constructs";
import { serviceRole } from "../support/iam";

/** A role, `role` of `scope`, that the service assumes for the application `name` only, not for another one that names it. */
export function applicationRole(scope: Construct, name: string, region: string): IamRole {
  const account = new DataAwsCallerIdentity(scope, "account").accountId;
  const partition = new DataAwsPartition(scope, "partition").partition;
  // https://docs.aws.amazon.com/managed-flink/latest/java/iam-cross-service-confused-deputy-prevention.html
  return serviceRole(scope, "role", "kinesisanalytics.amazonaws.com", [
    { test: "StringEquals", variable: "aws:SourceAccount", values: [account] },
    {
      test: "ArnEquals",
      variable: "aws:SourceArn",
      values: [`arn:${partition}:kinesisanalytics:${region}:${account}:application/${name}`],
    },
  ]);
}
