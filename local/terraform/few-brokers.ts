import { type Json, type JsonObject, objectOf } from "./stand-ins";

/**
 * The configuration with topics that so few brokers can hold: a topic cannot have more replicas than there are brokers, and the function that makes it is told their
 * number by the stack (`aws_lambda_invocation`, `replicationFactor` in its input). Answers what was changed, a sentence each; the rest is the same JSON as before.
 */
export function fitTopics(
  configuration: JsonObject,
  brokers: number,
): { readonly configuration: JsonObject; readonly changes: readonly string[] } {
  const changes: string[] = [];
  const resource = objectOf(configuration.resource);
  const invocations = Object.entries(objectOf(resource.aws_lambda_invocation)).map(([name, block]) => {
    const input = inputOf(objectOf(block).input);
    const { topic, replicationFactor } = input;
    if (typeof replicationFactor !== "number" || replicationFactor <= brokers) return [name, block] as const;
    changes.push(`topic ${topic} has replication factor ${brokers} instead of ${replicationFactor}`);
    return [name, { ...objectOf(block), input: JSON.stringify({ ...input, replicationFactor: brokers }) }] as const;
  });
  if (changes.length === 0) return { configuration, changes };
  const fitted = { ...resource, aws_lambda_invocation: Object.fromEntries(invocations) };
  return { configuration: { ...configuration, resource: fitted }, changes };
}

/** An input that Terraform puts together is no JSON yet, and no topic's. */
function inputOf(input: Json | undefined): JsonObject {
  try {
    return objectOf(JSON.parse(String(input)) as Json);
  } catch {
    return {};
  }
}
