import type { ScanException } from "./scan-exception";

/** Of what several modules make alike. */
export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_cloudwatch_log_group",
    at: "logs",
    checks: ["CKV_AWS_338"],
    reason:
      "These logs are for finding faults and are read within days; `logRetentionDays` keeps them longer. The audit logs of a warehouse are kept a year.",
  },
];
