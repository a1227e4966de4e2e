import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "data.aws_iam_policy_document",
    at: /\/consume-[^/]+-document$/,
    checks: ["aws-iam-no-policy-wildcards"],
    reason:
      "Redshift names the consumer groups of a streaming view itself, and another one each time: the right is on the groups of this one cluster. Topic and cluster are named whole.",
  },
  {
    on: "aws_security_group",
    at: "kafka/security-group",
    checks: ["CKV2_AWS_5"],
    reason: "It is the group of a serverless cluster, in whose vpc_config checkov does not look for it.",
  },
];
