import { randomInt } from "node:crypto";
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { LocalAws } from "../../gateway/types";

const LETTERS = ["ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "23456789"] as const;
const SIGNS = "!#$%&()*+,-.:;<=>?[]^_{|}~";

/** A password by Redshift's rules: a capital, a small letter, a digit, none of ' " \ / @ and space. */
export function newPassword(): string {
  const all = LETTERS.join("") + SIGNS;
  const pick = (from: string) => from[randomInt(from.length)]!;
  const characters = [...LETTERS.map(pick), ...Array.from({ length: 29 }, () => pick(all))];
  for (let i = characters.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [characters[i], characters[j]] = [characters[j]!, characters[i]!];
  }
  return characters.join("");
}

/** The admin secret that Redshift keeps in Secrets Manager: https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-secrets-manager-integration.html */
export async function createAdminSecret(
  aws: LocalAws,
  cluster: string,
  user: string,
  password: string,
  kmsKeyId: string | undefined,
): Promise<string> {
  const client = new SecretsManagerClient(aws.internal);
  try {
    const made = await client.send(
      new CreateSecretCommand({
        Name: `redshift!${cluster}-${user}`,
        Description: `Secret associated with the Redshift cluster ${cluster}`,
        SecretString: JSON.stringify({ username: user, password }),
        ...(kmsKeyId ? { KmsKeyId: kmsKeyId } : {}),
        Tags: [
          {
            Key: "aws:redshift:primaryClusterArn",
            Value: `arn:aws:redshift:${aws.region}:${aws.accountId}:cluster:${cluster}`,
          },
        ],
      }),
    );
    return made.ARN!;
  } finally {
    client.destroy();
  }
}

export async function deleteAdminSecret(aws: LocalAws, arn: string): Promise<void> {
  const client = new SecretsManagerClient(aws.internal);
  try {
    await client.send(new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true }));
  } catch (error) {
    if ((error as Error).name !== "ResourceNotFoundException") throw error;
  } finally {
    client.destroy();
  }
}
