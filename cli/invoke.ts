import { InvokeCommand, type LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import { CommandError } from "./problem";

/** Functions named in a message; an account may have thousands. */
const NAMED = 20;

/**
 * Runs a deployed function, or the version behind its `alias`, with an event, and waits for its answer. `log` is told the end of the function's log, whether it
 * answered or failed.
 *
 * @throws CommandError when there is no such function (it names those there are), or with the function's own words when it threw or took too long
 */
export async function invoke(
  lambda: LambdaClient,
  name: string,
  event: string,
  { log, alias }: { readonly log?: (text: string) => void; readonly alias?: string } = {},
): Promise<unknown> {
  let sent: Awaited<ReturnType<typeof send>>;
  try {
    sent = await send(lambda, name, event, alias);
  } catch (error) {
    if ((error as Error).name !== "ResourceNotFoundException") throw error;
    throw new CommandError(`there is no function ${name}; there are ${await functionNames(lambda)}`);
  }
  const { FunctionError, LogResult, Payload } = sent;
  if (LogResult) log?.(Buffer.from(LogResult, "base64").toString("utf8").trimEnd());
  const text = Buffer.from(Payload ?? []).toString("utf8");
  const answer: unknown = text === "" ? null : JSON.parse(text);
  if (FunctionError) {
    const said = (answer as { errorMessage?: string } | null)?.errorMessage;
    throw new CommandError(`${name} failed: ${said || FunctionError}`);
  }
  return answer;
}

const send = (lambda: LambdaClient, FunctionName: string, event: string, Qualifier: string | undefined) =>
  lambda.send(new InvokeCommand({ FunctionName, Qualifier, Payload: Buffer.from(event), LogType: "Tail" }));

async function functionNames(lambda: LambdaClient): Promise<string> {
  const names: string[] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {})) {
    names.push(...Functions.map(({ FunctionName }) => FunctionName!));
  }
  names.sort();
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `${names.slice(0, NAMED).join(", ") || "none"}${more}`;
}
