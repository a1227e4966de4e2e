import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_cloudwatch_log_group",
    at: /\/(sql-)?application\/log$/,
    except: "every prod",
    checks: ["CKV_AWS_338"],
    reason:
      "The application's own log is for finding faults and is read within days; with profile prod it is kept a year.",
  },
  {
    on: "data.aws_iam_policy_document",
    at: "sql-application/access-document",
    checks: ["aws-iam-no-policy-wildcards"],
    reason:
      "firehose:Get* is what AWS's own policy for a SQL application names: the actions by which it reads a delivery stream have no public names. It is for this one stream.",
  },
];
