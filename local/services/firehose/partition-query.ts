import { AwsError } from "../../gateway/types";

/** Where a partition key stands in a record: `.a.b` is `["a", "b"]`. */
export interface PartitionKey {
  readonly name: string;
  readonly path: readonly string[];
}

const FIELD = /^\s*(?:"([^"\\]+)"|([A-Za-z_][A-Za-z0-9_]*))\s*:\s*((?:\.(?:"[^"\\]+"|[A-Za-z_][A-Za-z0-9_]*))+)\s*$/;

/**
 * Reads a MetadataExtractionQuery of the form `{name: .path.to.value, ...}`, which is all of JQ that is known here; the rest of the
 * language is refused by name rather than guessed.
 * https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
 */
export function parseQuery(query: string): PartitionKey[] {
  const object = /^\s*\{(.*)\}\s*$/s.exec(query);
  if (!object) throw notCarried(query);
  return splitOutsideQuotes(object[1]!).map((text) => {
    const match = FIELD.exec(text);
    if (!match) throw notCarried(text.trim());
    const path = [...match[3]!.matchAll(/\.(?:"([^"]+)"|([^."]+))/g)].map((part) => part[1] ?? part[2]!);
    return { name: match[1] ?? match[2]!, path };
  });
}

const splitOutsideQuotes = (text: string) =>
  text.match(/(?:"[^"]*"|[^,"])+/g)?.filter((part) => part.trim() !== "") ?? [""];

const notCarried = (what: string) =>
  new AwsError(
    "InvalidArgumentException",
    `The local AWS does not carry the JQ expression ${what}; it knows {name: .path.to.value, ...}`,
  );

/** The keys' values in one record, or why there are none. A key without a value has no folder to go to. */
export function keysOf(query: readonly PartitionKey[], data: Buffer): ReadonlyMap<string, string> | string {
  let record: unknown;
  try {
    record = JSON.parse(data.toString("utf8"));
  } catch {
    return "Non JSON record provided";
  }
  const keys = new Map<string, string>();
  for (const { name, path } of query) {
    const value = path.reduce<unknown>((at, step) => child(at, step), record);
    if (value === null || value === undefined || value === "") return "partitionKeys values must not be null or empty";
    if (typeof value === "object") return `partitionKeys values must be text, numbers or booleans, ${name} is neither`;
    keys.set(name, String(value));
  }
  return keys;
}

const child = (of: unknown, step: string): unknown =>
  typeof of === "object" && of !== null && Object.hasOwn(of, step) ? (of as Record<string, unknown>)[step] : undefined;
