import type { ScanException } from "../support/scan-exception";

const BUCKET = { on: "aws_s3_bucket", at: "bucket" } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...BUCKET,
    checks: ["CKV_AWS_18", "aws-s3-enable-bucket-logging"],
    reason:
      "Server access logs can only go to a bucket without a KMS key, so each bucket would bring a less protected one. Who read what is told by CloudTrail's data events, which are set for an account and not for a stack.",
  },
  {
    ...BUCKET,
    checks: ["CKV_AWS_144"],
    reason:
      "A pipeline lives in one Region, with its key and its warehouse. A copy elsewhere doubles the cost of storage and is for whoever must survive the loss of a Region.",
  },
  {
    ...BUCKET,
    checks: ["CKV2_AWS_62"],
    reason: "Nothing waits for these objects: Firehose writes them and, before a warehouse, tells it itself.",
  },
  {
    on: "data.aws_iam_policy_document",
    at: /\/(write|read)-[^/]+-document$/,
    checks: ["aws-iam-no-policy-wildcards"],
    reason:
      "A grant on objects ends in *, as their names are not known beforehand: it is the one bucket's, or a prefix's.",
  },
];
