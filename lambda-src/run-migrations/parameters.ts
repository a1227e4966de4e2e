import { GetParameterCommand, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { NO_PASSWORD_YET, type ParameterUser } from "./event";

type Parameter = ParameterUser["parameter"];

/**
 * Texts in SecureStrings of SSM. The parameter is Terraform's, so that it goes with the stack; its text is not, and is in no state.
 *
 * SSM has no write under a condition: of two first texts the later one stays. `ensureUser` reads after it has set the password, and sets it again
 * if the text is another one by then.
 */
export function ssmParameters(client: SSMClient) {
  return {
    async read({ name }: Parameter): Promise<string | undefined> {
      const { Parameter: found } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return found?.Value === NO_PASSWORD_YET ? undefined : found?.Value;
    },
    async writeFirst({ name, keyArn }: Parameter, text: string): Promise<void> {
      // Without the key's id SSM would take the account's own key. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
      await client.send(
        new PutParameterCommand({ Name: name, Value: text, Type: "SecureString", KeyId: keyArn, Overwrite: true }),
      );
    },
  };
}
