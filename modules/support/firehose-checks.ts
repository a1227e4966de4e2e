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

export function checkStreamName(scope: Construct, name: string): string {
  return checkMatch(scope, "name", name, /^[a-zA-Z0-9_.-]{1,64}$/, "1 to 64 letters, digits, _, . and -");
}

const EXPRESSION = /!\{([^}]*)\}/g;
const KINDS = "!{timestamp:PATTERN} and !{firehose:random-string}";

const expressionsOf = (prefix: string) => [...prefix.matchAll(EXPRESSION)].map((match) => match[1] ?? "");

/**
 * The rules of https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html that Terraform does not know and AWS answers only at
 * apply. Partition keys come with dynamic partitioning, which these modules do not offer yet.
 */
export function checkPrefixes(scope: Construct, prefix: string, errorPrefix: string): void {
  if (!Token.isUnresolved(prefix)) checkDataPrefix(scope, prefix);
  if (!Token.isUnresolved(errorPrefix)) checkErrorPrefix(scope, errorPrefix);
  if (Token.isUnresolved(prefix) || Token.isUnresolved(errorPrefix)) return;
  if (expressionsOf(prefix).length > 0 && errorPrefix === "") {
    throw new ConfigError(
      scope,
      `errorPrefix must be given because prefix ${JSON.stringify(prefix)} has an expression; it must hold !{firehose:error-output-type}`,
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

function checkDataPrefix(scope: Construct, prefix: string): void {
  checkPrefixText(scope, "prefix", prefix);
  for (const expression of expressionsOf(prefix)) {
    if (!isTimestamp(expression) && expression !== "firehose:random-string") {
      throw new ConfigError(scope, `prefix may hold ${KINDS}, got !{${expression}}`);
    }
  }
}

function checkErrorPrefix(scope: Construct, errorPrefix: string): void {
  checkPrefixText(scope, "errorPrefix", errorPrefix);
  const expressions = expressionsOf(errorPrefix);
  for (const expression of expressions) {
    if (
      !isTimestamp(expression) &&
      expression !== "firehose:random-string" &&
      expression !== "firehose:error-output-type"
    ) {
      throw new ConfigError(
        scope,
        `errorPrefix may hold ${KINDS} and !{firehose:error-output-type}, got !{${expression}}`,
      );
    }
  }
  if (errorPrefix !== "" && !expressions.includes("firehose:error-output-type")) {
    throw new ConfigError(
      scope,
      `errorPrefix must hold !{firehose:error-output-type}, got ${JSON.stringify(errorPrefix)}`,
    );
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
