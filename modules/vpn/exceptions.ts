import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_launch_template",
    at: "host/template",
    checks: ["CKV_AWS_88"],
    reason:
      "A VPN is reached from outside: its host has a public address, open to the operator's addresses only. The host of Session Manager has none.",
  },
  {
    on: "aws_eip",
    at: "address",
    checks: ["CKV2_AWS_19"],
    reason:
      "The host takes the address itself when it starts, and its successor after it: no instance is known beforehand.",
  },
  {
    on: "aws_secretsmanager_secret",
    at: /\/(pre-shared-key|admin-password)$/,
    checks: ["CKV2_AWS_57"],
    reason:
      "Both are made by the host at its first start and are read by the person who connects: another value would lock that person out until the host is started anew.",
  },
  {
    on: "data.aws_iam_policy_document",
    at: "sessions-document",
    checks: ["CKV_AWS_111", "CKV_AWS_356"],
    reason:
      "Session Manager's agent has no resource to name: AWS defines none for ssmmessages, and the host's id is not known beforehand.",
  },
];
