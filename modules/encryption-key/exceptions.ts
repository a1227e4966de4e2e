import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "data.aws_iam_policy_document",
    at: "key/policy",
    checks: ["CKV_AWS_109", "CKV_AWS_111", "CKV_AWS_356"],
    reason:
      "In a key's policy the resource * is this key, and no other can be named. The account's root must be able to administer it: without that statement, which AWS's default policy has too, nobody could.",
  },
];
