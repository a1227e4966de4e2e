import type { ScanException } from "./scan-exception";

/** Of what several modules make alike. */
export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_iam_role",
    at: "reader/role",
    checks: ["CKV_AWS_61"],
    reason:
      "The account as principal stands for the roles of it that the condition names (modules/support/foreign-roles.ts); a loader's also asks for one database user, by the external id.",
  },
  {
    on: "aws_cloudwatch_log_group",
    at: "logs",
    except: "every prod",
    checks: ["CKV_AWS_338"],
    reason:
      "These logs are for finding faults and are read within days; with profile prod they are kept a year, as a warehouse's audit logs always are, and `logRetentionDays` says otherwise.",
  },
];
