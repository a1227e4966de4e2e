import { ApiGatewayAccount } from "@cdktf/provider-aws/lib/api-gateway-account";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { serviceRole } from "../support/iam";

/**
 * The role with which API Gateway writes logs: one setting for all APIs of an account and Region, so it is no part of `IngestApi`.
 *
 * Without such a role AWS refuses a stage that has access logs ("CloudWatch Logs role ARN must be set in account settings"). One
 * stack an account and Region may have this construct: two would take the setting from each other, and destroying the
 * stack resets it for every API there. Where the account has a role already, leave it out.
 *
 * @example
 * const logging = new AccountLogging(this, "api-logging");
 * new IngestApi(this, "api", { accountLogging: logging, ... });
 */
export class AccountLogging extends Construct {
  /** The setting itself, for anything this construct does not cover. */
  readonly account: ApiGatewayAccount;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const role = serviceRole(this, "role", "apigateway.amazonaws.com");
    const partition = new DataAwsPartition(this, "partition").partition;
    // AWS's own policy: API Gateway refuses a role that lacks one of its actions, on every log group, when the setting is made.
    const mayLog = new IamRolePolicyAttachment(this, "push-to-logs", {
      role: role.name,
      policyArn: `arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
    });
    this.account = new ApiGatewayAccount(this, "account", {
      cloudwatchRoleArn: role.arn,
      // A setting that names a deleted role breaks the next API with access logs.
      resetOnDelete: true,
      dependsOn: [mayLog],
    });
  }
}
