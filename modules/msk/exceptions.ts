import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "data.aws_iam_policy_document",
    at: /\/consume-[^/]+-document$/,
    checks: ["aws-iam-no-policy-wildcards"],
    reason:
      "Redshift names the consumer groups of a streaming view itself, and another one each time: the right is on the groups of this one cluster. Topic and cluster are named whole.",
  },
];
