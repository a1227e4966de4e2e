import type { ScanException } from "../support/scan-exception";

const CLUSTER = { on: "aws_redshift_cluster", at: "cluster" } as const;

export const EXCEPTIONS: readonly ScanException[] = [
  {
    ...CLUSTER,
    checks: ["CKV_AWS_71"],
    reason: "Audit logging is the resource `aws_redshift_logging` beside it, which the check does not know.",
  },
  {
    ...CLUSTER,
    checks: ["CKV_AWS_87"],
    reason:
      "With delivery firehose: it reaches a warehouse at its public address only. One rule admits the addresses of the Region's Firehose to one port, and TLS is required.",
  },
  {
    ...CLUSTER,
    checks: ["CKV_AWS_321"],
    reason: "With delivery firehose: it cannot write to a cluster with enhanced VPC routing.",
  },
];
