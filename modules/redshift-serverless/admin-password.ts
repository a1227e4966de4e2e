import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretVersion } from "@cdktf/provider-aws/lib/secretsmanager-secret-version";
import { Password } from "@cdktf/provider-random/lib/password";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { EncryptionKey } from "../encryption-key";

export interface AdminPasswordProps {
  /** Of the namespace; starts the secret's name. */
  readonly name: string;
  readonly user: string;
  readonly key: EncryptionKey;
  readonly profile?: "dev" | "prod";
}

/**
 * A superuser's password that Terraform makes, as the original's, and a secret with it in the form that the Data API takes. It is in the state: whoever reads
 * that may do everything in the warehouse.
 */
export class AdminPassword extends Construct {
  readonly password: string;
  readonly secretArn: string;

  constructor(scope: Construct, id: string, { name, user, key, profile }: AdminPasswordProps) {
    super(scope, id);
    // 8 to 64 characters with a letter of each case and a digit, without / @ " ' \\ and space: API_CreateNamespace.
    this.password = new Password(this, "password", {
      length: 32,
      minUpper: 1,
      minLower: 1,
      minNumeric: 1,
      special: true,
      overrideSpecial: "!#$%*()-_=+[]{}:?",
    }).result;
    const secret = new SecretsmanagerSecret(this, "secret", {
      name: `${name}-admin`,
      description: `Superuser ${user} of namespace ${name}`,
      kmsKeyId: key.arn,
      recoveryWindowInDays: profile === "prod" ? 30 : 0,
    });
    const value = new SecretsmanagerSecretVersion(this, "value", {
      secretId: secret.id,
      secretString: Fn.jsonencode({ username: user, password: this.password }),
    });
    // The version's, so that whoever reads the secret waits for its value.
    this.secretArn = value.arn;
  }
}
