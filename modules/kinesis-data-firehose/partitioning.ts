import type { Construct } from "constructs";
import { ConfigError, checkInteger, checkMatch } from "../support/check";
import { QUERY_KEY } from "../support/firehose-checks";

const LEAST_MB = 64;
/** AWS takes a processor's parameter up to this length. */
const QUERY_CHARACTERS = 5120;

/**
 * Objects apart by what the records hold. It can be chosen only when the delivery stream is made: turning it on or off later replaces
 * the stream. At most 500 partitions are open at a time; records of further ones land under the error prefix, as do records without a
 * key's value.
 */
export interface Partitioning {
  /** What each partition key is, by name: a JQ 1.6 expression on the record, such as `.car_id`. Each must stand in `prefix`. */
  readonly keys: Readonly<Record<string, string>>;

  /**
   * Seconds Firehose keeps trying to deliver a partition, 0 to 7200.
   *
   * @default 300
   */
  readonly retrySeconds?: number;
}

/** Refuses what AWS refuses beside dynamic partitioning; answers the buffer that stands in for one not given. */
export function checkPartitioning(
  scope: Construct,
  partitioning: Partitioning,
  props: { readonly bufferingSizeMb?: number; readonly bufferingIntervalSeconds?: number },
): number {
  const keys = Object.entries(partitioning.keys);
  if (keys.length === 0) throw new ConfigError(scope, "partitioning.keys must name at least one key, got none");
  for (const [key, expression] of keys) {
    const name = "a letter or _, then letters, digits and _";
    checkMatch(scope, "partitioning.keys", key, /^[A-Za-z_][A-Za-z0-9_]*$/, `named with ${name}`);
    checkMatch(scope, `partitioning.keys.${key}`, expression, /\S/, "a JQ expression such as .car_id");
  }
  const query = metadataQuery(partitioning);
  if (query.length > QUERY_CHARACTERS) {
    throw new ConfigError(
      scope,
      `partitioning.keys must make a query of at most ${QUERY_CHARACTERS} characters, got ${query.length}`,
    );
  }
  checkInteger(scope, "partitioning.retrySeconds", partitioning.retrySeconds ?? 300, 0, 7200);
  if (props.bufferingIntervalSeconds === 0) {
    throw new ConfigError(
      scope,
      "bufferingIntervalSeconds 0 (zero buffering) contradicts partitioning, which gathers by partition; give 1 to 900 or leave partitioning out",
    );
  }
  const size = props.bufferingSizeMb ?? LEAST_MB;
  if (size < LEAST_MB) {
    throw new ConfigError(scope, `bufferingSizeMb must be between ${LEAST_MB} and 128 with partitioning, got ${size}`);
  }
  return size;
}

/** A folder a key, in the form Athena and Glue read. */
export const partitionFolders = (partitioning: Partitioning) =>
  Object.keys(partitioning.keys)
    .map((key) => `${key}=!{${QUERY_KEY}${key}}/`)
    .join("");

export const partitionProcessor = (partitioning: Partitioning) => ({
  type: "MetadataExtraction",
  parameters: [
    { parameterName: "JsonParsingEngine", parameterValue: "JQ-1.6" },
    { parameterName: "MetadataExtractionQuery", parameterValue: metadataQuery(partitioning) },
  ],
});

export const partitionRetries = ({ retrySeconds = 300 }: Partitioning) => ({
  dynamicPartitioningConfiguration: { enabled: true, retryDuration: retrySeconds },
});

function metadataQuery({ keys }: Partitioning): string {
  const fields = Object.entries(keys).map(([key, expression]) => `${key}:${expression.trim()}`);
  return `{${fields.join(",")}}`;
}
