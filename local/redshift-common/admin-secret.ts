import { randomInt } from "node:crypto";
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { LocalAws } from "../gateway/types";

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

export interface AdminSecret {
  /** Cluster or namespace. */
  readonly owner: { readonly kind: "cluster" | "namespace"; readonly name: string; readonly arn: string };
  readonly user: string;
  readonly password: string;
  readonly kmsKeyId: string | undefined;
}

/** Tags by which a secret says whose it is. */
const OWNER_TAG = { cluster: "aws:redshift:primaryClusterArn", namespace: "aws:redshift-serverless:namespaceArn" };

/** The admin secret that Redshift keeps in Secrets Manager: https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-secrets-manager-integration.html */
export async function createAdminSecret(
  aws: LocalAws,
  { owner, user, password, kmsKeyId }: AdminSecret,
): Promise<string> {
  const client = new SecretsManagerClient(aws.internal);
  try {
    const made = await client.send(
      new CreateSecretCommand({
        Name: `redshift!${owner.name}-${user}`,
        Description: `Secret associated with the Redshift ${owner.kind} ${owner.name}`,
        SecretString: JSON.stringify({ username: user, password }),
        ...(kmsKeyId ? { KmsKeyId: kmsKeyId } : {}),
        Tags: [{ Key: OWNER_TAG[owner.kind], Value: owner.arn }],
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
