import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "data.aws_iam_policy_document",
    at: "machine/deliver-logs-document",
    checks: ["aws-iam-no-policy-wildcards"],
    reason:
      "Log deliveries have no ARN: Step Functions asks for these actions on *, as its page on CloudWatch Logs has them.",
  },
];
