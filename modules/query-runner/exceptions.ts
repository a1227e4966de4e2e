import type { ScanException } from "../support/scan-exception";

export const EXCEPTIONS: readonly ScanException[] = [
  {
    on: "aws_secretsmanager_secret",
    at: "loader-secret",
    checks: ["CKV2_AWS_57"],
    reason:
      "Firehose keeps a secret for about ten minutes, so a rotation by the clock makes COPYs fail until it asks again. The password is made by the migrations, is known to nobody and may INSERT into one table.",
  },
];
