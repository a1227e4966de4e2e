import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_secretsmanager_secret",
    at: "admin-password/secret",
    checks: ["CKV2_AWS_57"],
    reason:
      "The password is made by Terraform on request, as the original's: a rotation beside it would make every plan put the old one back. The default, which Redshift makes and rotates, has no secret of ours.",
  },
];
