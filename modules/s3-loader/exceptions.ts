import type { ScanException } from "../support/scan-exception";

const DOCUMENT = { on: "data.aws_iam_policy_document", checks: ["aws-iam-no-policy-wildcards"] } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...DOCUMENT,
    at: /\/(load|replay)-objects-document$/,
    reason:
      "Names of objects are not known beforehand: reading ends in * for the loader's one bucket, writing for the manifests in it. kms:GenerateDataKey* is that action with its forms, of one key.",
  },
  {
    ...DOCUMENT,
    at: /\/(ledger\/claim|queue\/send)-[^/]+-document$/,
    reason:
      "kms:GenerateDataKey* is that action with its forms (a pair, without the plain text), of the stack's one key.",
  },
];
