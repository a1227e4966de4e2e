import { createHash } from "node:crypto";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";

/** Texts by the ARN of their secret, in AWS Secrets Manager. The first one that is written stays. */
export function secretsManager(client: SecretsManagerClient) {
  return {
    async read(SecretId: string): Promise<string | undefined> {
      try {
        return (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
      } catch (error) {
        // A secret without a version, as Terraform makes it, answers as if it were not there.
        if (isNamed(error, "ResourceNotFoundException")) return undefined;
        throw error;
      }
    },
    async writeFirst(SecretId: string, SecretString: string): Promise<void> {
      try {
        await client.send(
          new PutSecretValueCommand({ SecretId, SecretString, ClientRequestToken: firstVersion(SecretId) }),
        );
      } catch (error) {
        // The first version exists with another text: another run was first, and its text is the one.
        if (!isNamed(error, "ResourceExistsException")) throw error;
      }
    },
  };
}

/** The same id for every run, so that Secrets Manager itself lets only one first version be. 32 to 64 characters. */
const firstVersion = (secretArn: string) => createHash("sha256").update(`first version of ${secretArn}`).digest("hex");

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name;
