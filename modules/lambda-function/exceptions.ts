import type { ScanException } from "../support/scan-exception";

const FUNCTION = { on: "aws_lambda_function", at: "function" } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...FUNCTION,
    checks: ["CKV_AWS_115"],
    reason:
      "Reserving concurrency takes it from the rest of the account, must leave 100 unreserved and so fails where the account's limit is low, as a new one's is. Firehose bounds how often it calls, and migrations are one call.",
  },
  {
    ...FUNCTION,
    checks: ["CKV_AWS_116"],
    reason:
      "A dead-letter queue takes events of asynchronous calls. These are called synchronously: Firehose keeps what failed under the error prefix, and a failed migration fails the apply. The producer of orders, which is not, has a failure destination, which says more than a dead letter.",
  },
  {
    ...FUNCTION,
    checks: ["CKV_AWS_117"],
    reason:
      "The handlers call AWS's public endpoints or nothing at all. In a VPC they would need a NAT gateway or an endpoint a service for the same calls.",
  },
  {
    ...FUNCTION,
    checks: ["CKV_AWS_272"],
    reason:
      "The zip is made by Terraform from the bundle of this repository, in the same apply; signing would need a signing job between the two, and AWS Signer's profile an account that owns it.",
  },
  {
    on: "data.aws_iam_policy_document",
    at: "vpc-access/document",
    checks: ["CKV_AWS_111", "aws-iam-no-policy-wildcards"],
    reason:
      "Lambda makes the interfaces in the role's name and refuses the function when it may not on every resource. The statement beside it denies the same to the function's own code, by lambda:SourceFunctionArn.",
  },
];
