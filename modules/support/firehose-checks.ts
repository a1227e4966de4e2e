import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError, checkInteger, checkMatch } from "./check";

/** What Firehose gathers before it writes an object: whatever is reached first. */
export interface BufferingProps {
  /**
   * Megabytes after which an object is written, 1 to 128, before compression.
   *
   * @default 5
   */
  readonly bufferingSizeMb?: number;

  /**
   * Seconds after which an object is written, 0 to 900. Below 60 S3's PUT requests cost more than the delivery; 0 does not gather.
   *
   * @default 60
   */
  readonly bufferingIntervalSeconds?: number;
}

export interface Buffering {
  readonly bufferingSize: number;
  readonly bufferingInterval: number;
}

/** Always both: AWS refuses one without the other. */
export function checkBuffering(scope: Construct, props: BufferingProps): Buffering {
  return {
    bufferingSize: checkInteger(scope, "bufferingSizeMb", props.bufferingSizeMb ?? 5, 1, 128),
    bufferingInterval: checkInteger(scope, "bufferingIntervalSeconds", props.bufferingIntervalSeconds ?? 60, 0, 900),
  };
}

/** What every S3 destination may say of its objects. */
export interface ObjectProps {
  /**
   * Start of the keys of records that could not be processed or delivered. Must hold `!{firehose:error-output-type}`.
   *
   * @default - errors/, the type of error, the date
   */
  readonly errorPrefix?: string;

  /**
   * Ending of the objects' names in place of Firehose's own (`.gz`, `.parquet`): a dot, then lower-case letters, digits and `!-_.*'()`,
   * at most 128 characters.
   *
   * @default - what the compression or the format adds
   */
  readonly fileExtension?: string;

  /**
   * Time zone of the dates in prefixes and names, such as `Europe/Berlin`. Rows of one UTC hour may then lie in two folders of which
   * one stands twice a year for two hours.
   *
   * @default "UTC"
   */
  readonly timeZone?: string;
}

/** The checked part of an S3 destination; what is not given is left out. */
export function checkObjects(scope: Construct, { fileExtension, timeZone }: Omit<ObjectProps, "errorPrefix">) {
  if (fileExtension !== undefined) checkFileExtension(scope, fileExtension);
  if (timeZone !== undefined) checkTimeZone(scope, timeZone);
  return {
    ...(fileExtension === undefined ? {} : { fileExtension }),
    ...(timeZone === undefined ? {} : { customTimeZone: timeZone }),
  };
}

function checkFileExtension(scope: Construct, extension: string): void {
  const rule = "a dot, then lower-case letters, digits and !-_.*'(), at most 128 characters";
  checkMatch(scope, "fileExtension", extension, /^\.[0-9a-z!\-_.*'()]{1,127}$/, rule);
}

/** AWS takes letters, `/` and `_`, so that `Etc/GMT+1` is none of its zones. */
function checkTimeZone(scope: Construct, zone: string): void {
  const rule = "a time zone's name of letters, / and _, such as Europe/Berlin, at most 50 characters";
  checkMatch(scope, "timeZone", zone, /^[a-zA-Z/_]{1,50}$/, rule);
  if (Token.isUnresolved(zone)) return;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    throw new ConfigError(scope, `timeZone must be ${rule}, got ${JSON.stringify(zone)}`);
  }
}

export function checkStreamName(scope: Construct, name: string): string {
  return checkMatch(scope, "name", name, /^[a-zA-Z0-9_.-]{1,64}$/, "1 to 64 letters, digits, _, . and -");
}

/** Namespace of the keys that a JQ query finds in the records. */
export const QUERY_KEY = "partitionKeyFromQuery:";

const EXPRESSION = /!\{([^}]*)\}/g;
const KINDS = "!{timestamp:PATTERN} and !{firehose:random-string}";

const expressionsOf = (prefix: string) => [...prefix.matchAll(EXPRESSION)].map((match) => match[1] ?? "");

/** Where what fails lies, unless told otherwise. */
export const ERROR_PREFIX = "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/";

/** How the two prefixes are called where they are typed. */
interface PrefixNames {
  readonly prefix: string;
  readonly errorPrefix: string;
}
const OWN_NAMES: PrefixNames = { prefix: "prefix", errorPrefix: "errorPrefix" };

/**
 * The rules of https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html that Terraform does not know and AWS answers only at
 * apply. `keys` are the partition keys that dynamic partitioning makes.
 */
export function checkPrefixes(
  scope: Construct,
  prefix: string,
  errorPrefix: string,
  keys: readonly string[] = [],
  names = OWN_NAMES,
): void {
  if (!Token.isUnresolved(prefix)) checkDataPrefix(scope, names.prefix, prefix, keys);
  if (!Token.isUnresolved(errorPrefix)) checkErrorPrefix(scope, names.errorPrefix, errorPrefix);
  if (Token.isUnresolved(prefix) || Token.isUnresolved(errorPrefix)) return;
  if (expressionsOf(prefix).length > 0 && errorPrefix === "") {
    throw new ConfigError(
      scope,
      `${names.errorPrefix} must be given because ${names.prefix} ${JSON.stringify(prefix)} has an expression; it must hold !{firehose:error-output-type}`,
    );
  }
}

/** For destinations whose prefix AWS takes literally. */
export function checkPlainPrefix(scope: Construct, prefix: string): string {
  if (Token.isUnresolved(prefix)) return prefix;
  checkPrefixText(scope, "prefix", prefix);
  if (prefix.includes("!{")) {
    throw new ConfigError(
      scope,
      `prefix must hold no expression: a Redshift destination takes it literally, got ${JSON.stringify(prefix)}`,
    );
  }
  return prefix;
}

function checkDataPrefix(scope: Construct, name: string, prefix: string, keys: readonly string[]): void {
  checkPrefixText(scope, name, prefix);
  const expressions = expressionsOf(prefix);
  for (const expression of expressions) {
    if (isTimestamp(expression) || expression === "firehose:random-string") continue;
    if (expression.startsWith(QUERY_KEY)) {
      const key = expression.slice(QUERY_KEY.length);
      if (keys.includes(key)) continue;
      const why = keys.length === 0 ? "which needs partitioning" : `but partitioning.keys names ${keys.join(", ")}`;
      throw new ConfigError(scope, `${name} has !{${expression}}, ${why}`);
    }
    const allowed = keys.length === 0 ? KINDS : `${KINDS} and !{${QUERY_KEY}KEY}`;
    throw new ConfigError(scope, `${name} may hold ${allowed}, got !{${expression}}`);
  }
  const unused = keys.find((key) => !expressions.includes(QUERY_KEY + key));
  if (unused !== undefined) {
    throw new ConfigError(
      scope,
      `${name} must hold !{${QUERY_KEY}${unused}} because partitioning.keys names ${unused}, got ${JSON.stringify(prefix)}`,
    );
  }
}

function checkErrorPrefix(scope: Construct, name: string, errorPrefix: string): void {
  checkPrefixText(scope, name, errorPrefix);
  const expressions = expressionsOf(errorPrefix);
  for (const expression of expressions) {
    if (
      !isTimestamp(expression) &&
      expression !== "firehose:random-string" &&
      expression !== "firehose:error-output-type"
    ) {
      throw new ConfigError(scope, `${name} may hold ${KINDS} and !{firehose:error-output-type}, got !{${expression}}`);
    }
  }
  if (errorPrefix !== "" && !expressions.includes("firehose:error-output-type")) {
    throw new ConfigError(scope, `${name} must hold !{firehose:error-output-type}, got ${JSON.stringify(errorPrefix)}`);
  }
}

function checkPrefixText(scope: Construct, property: string, prefix: string): void {
  if (prefix.length > 1024) {
    throw new ConfigError(scope, `${property} must be at most 1024 characters, got ${prefix.length}`);
  }
  if (prefix.replace(EXPRESSION, "").includes("!{")) {
    throw new ConfigError(scope, `${property} has an expression without its closing brace: ${JSON.stringify(prefix)}`);
  }
  if (prefix.startsWith("/")) {
    throw new ConfigError(
      scope,
      `${property} must not start with /, which would make a folder without a name, got ${JSON.stringify(prefix)}`,
    );
  }
}

const isTimestamp = (expression: string) => /^timestamp:.+$/.test(expression);
