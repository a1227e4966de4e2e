import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { Login } from "./pg-driver";

/** Reads `{"username", "password"}` of a SecureString, once in a process unless it is asked for anew. Its text is in no error. */
export function ssmLogin(client: SSMClient, Name: string): (anew: boolean) => Promise<Login> {
  let known: Promise<Login> | undefined;
  const read = async (): Promise<Login> => {
    const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
    return parse(Parameter?.Value, Name);
  };
  return (anew) => {
    if (anew || !known) {
      const reading = read();
      known = reading;
      // What failed is not remembered.
      reading.catch(() => {
        if (known === reading) known = undefined;
      });
    }
    return known;
  };
}

function parse(text: string | undefined, name: string): Login {
  try {
    const { username, password } = JSON.parse(text ?? "") as Record<string, unknown>;
    if (typeof username === "string" && typeof password === "string" && username !== "" && password !== "")
      return { username, password };
  } catch {
    // Said below, without the text.
  }
  throw new Error(`parameter ${name} must be {"username", "password"} in JSON; the migrations write it, so run them`);
}
