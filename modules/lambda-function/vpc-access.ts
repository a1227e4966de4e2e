import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { DataAwsRegion } from "@cdktf/provider-aws/lib/data-aws-region";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";

/** As AWSLambdaVPCAccessExecutionRole has them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const INTERFACE_ACTIONS = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Lets Lambda, in the name of a function's role, put network interfaces into a VPC. Lambda refuses the function when it may not do so on every resource; what the
 * function's own code would do with the same rights is denied, in AWS's own way.
 */
export class VpcAccess extends Construct {
  readonly policy: IamRolePolicy;

  constructor(scope: Construct, id: string, { role, functionName }: { role: IamRole; functionName: string }) {
    super(scope, id);
    const account = new DataAwsCallerIdentity(this, "account").accountId;
    const partition = new DataAwsPartition(this, "partition").partition;
    const region = new DataAwsRegion(this, "region").name;
    const document = new DataAwsIamPolicyDocument(this, "document", {
      statement: [
        { sid: "LambdaMakesInterfaces", actions: INTERFACE_ACTIONS, resources: ["*"] },
        {
          sid: "CodeOfTheFunctionDoesNot",
          effect: "Deny",
          actions: INTERFACE_ACTIONS,
          resources: ["*"],
          condition: [
            {
              test: "ArnEquals",
              variable: "lambda:SourceFunctionArn",
              values: [`arn:${partition}:lambda:${region}:${account}:function:${functionName}`],
            },
          ],
        },
      ],
    });
    this.policy = new IamRolePolicy(this, "policy", { role: role.name, policy: document.json });
  }
}
