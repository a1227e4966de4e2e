import { AwsError } from "./gateway/types";

/** The body of a JSON 1.1 call; an empty one is an object without members. Anything but an object is a SerializationException. */
export function readJsonBody(text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text || "{}");
  } catch {
    throw new AwsError("SerializationException", "The request body is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new AwsError("SerializationException", "The request body must be a JSON object");
  }
  return parsed as Record<string, unknown>;
}
