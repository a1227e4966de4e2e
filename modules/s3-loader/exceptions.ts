import type { ScanException } from "../support/scan-exception";

const DOCUMENT = { on: "data.aws_iam_policy_document", checks: ["aws-iam-no-policy-wildcards"] } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...DOCUMENT,
    at: /\/(load|replay)-objects-document$/,
    reason:
      "Names of objects are not known beforehand: reading ends in * for the loader's one bucket, writing for the manifests in it.",
  },
];
