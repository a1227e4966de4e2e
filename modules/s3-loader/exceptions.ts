import type { ScanException } from "../support/scan-exception";

const DOCUMENT = { on: "data.aws_iam_policy_document", checks: ["aws-iam-no-policy-wildcards"] } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...DOCUMENT,
    at: /\/(load|replay)-objects-document$/,
    reason:
      "Names of objects are not known beforehand: reading ends in * for the loader's one bucket, writing for the manifests in it.",
  },
  {
    on: "data.aws_availability_zones",
    at: "inside/zones",
    checks: ["CKV_AWS_394"],
    reason:
      "The first zones by name are taken, and a new zone gets the next letter: it comes after them. Zones by id would tie the stack to one Region.",
  },
];
