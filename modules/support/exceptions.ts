import type { ScanException } from "./scan-exception";

/** Of what several modules make alike. */
export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_cloudwatch_log_group",
    at: "logs",
    except: "every prod",
    checks: ["CKV_AWS_338"],
    reason:
      "These logs are for finding faults and are read within days; with profile prod they are kept a year, as a warehouse's audit logs always are, and `logRetentionDays` says otherwise.",
  },
];
