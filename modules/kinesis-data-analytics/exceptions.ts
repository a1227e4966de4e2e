import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_cloudwatch_log_group",
    at: "application/log",
    checks: ["CKV_AWS_338"],
    reason: "The application's own log is for finding faults and is read within days.",
  },
];
