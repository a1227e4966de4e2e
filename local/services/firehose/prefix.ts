import { randomBytes } from "node:crypto";
import { AwsError } from "../../gateway/types";

/** Keys of delivered objects: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */

const EXPRESSION = /!\{([^}]*)\}/g;
const DEFAULT_FOLDERS = "yyyy/MM/dd/HH/";
const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Why a record went to the error prefix, as `!{firehose:error-output-type}` says it. */
export type ErrorType = "processing-failed" | "format-conversion-failed" | "activePartitionExceeded";

interface Moment {
  /** Arrival of the oldest record of the object. */
  readonly at: Date;
  readonly errorType?: ErrorType;
  /** Values of the partition keys of the object's records. */
  readonly keys?: ReadonlyMap<string, string>;
}

const QUERY_KEY = "partitionKeyFromQuery:";

/** The prefix of an object of delivered records. Without a date of its own it gets `yyyy/MM/dd/HH/`. */
export function dataPrefix(prefix: string, at: Date, keys?: ReadonlyMap<string, string>): string {
  const folders = /!\{timestamp:/.test(prefix) ? "" : formatTime(DEFAULT_FOLDERS, at);
  return evaluate(prefix, { at, ...(keys ? { keys } : {}) }) + folders;
}

/** The prefix of an object of failed records. Without an expression it gets the type of error and the date. */
export function errorPrefix(prefix: string, configured: string | undefined, errorType: ErrorType, at: Date): string {
  const template = configured ?? prefix;
  if (template.includes("!{")) return evaluate(template, { at, errorType });
  return `${template}${errorType}/${formatTime(DEFAULT_FOLDERS, at)}`;
}

/** `STREAM-VERSION-yyyy-MM-dd-HH-mm-ss-UUID`, and what the compression adds. */
export function objectName(stream: string, version: number, at: Date, unique: string, extension: string): string {
  return `${stream}-${version}-${formatTime("yyyy-MM-dd-HH-mm-ss", at)}-${unique}${extension}`;
}

/** Refuses what AWS refuses when the delivery stream is made, and by name what is not carried here. */
export function checkPrefixes(prefix: string, error: string | undefined, keys: readonly string[] = []): void {
  for (const expression of expressionsOf(prefix)) {
    if (!keys.some((key) => expression === QUERY_KEY + key)) check("Prefix", expression, false);
  }
  for (const key of keys) {
    if (!expressionsOf(prefix).includes(QUERY_KEY + key)) {
      throw new AwsError(
        "InvalidArgumentException",
        `Prefix must contain !{${QUERY_KEY}${key}} with dynamic partitioning`,
      );
    }
  }
  const errors = error === undefined ? [] : expressionsOf(error);
  for (const expression of errors) check("ErrorOutputPrefix", expression, true);
  if (expressionsOf(prefix).length > 0 && !error) {
    throw new AwsError(
      "InvalidArgumentException",
      "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
    );
  }
  if (errors.length > 0 && !errors.includes("firehose:error-output-type")) {
    throw new AwsError(
      "InvalidArgumentException",
      "ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type}",
    );
  }
}

/** Java's DateTimeFormatter, on the date's UTC fields, for the letters y u M L d D H h k K m s S n a E; another letter is refused. */
export function formatTime(pattern: string, at: Date): string {
  return pattern.replace(
    /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g,
    (token, quoted: string | undefined, letter) => {
      if (letter !== undefined) return field(letter, token.length, at);
      if (quoted === undefined) return token;
      return quoted === "" ? "'" : quoted.replaceAll("''", "'");
    },
  );
}

const expressionsOf = (prefix: string) => [...prefix.matchAll(EXPRESSION)].map((match) => match[1] ?? "");

function evaluate(prefix: string, moment: Moment): string {
  return prefix.replace(EXPRESSION, (_, expression: string) => {
    if (expression.startsWith("timestamp:")) return formatTime(expression.slice("timestamp:".length), moment.at);
    if (expression === "firehose:random-string") return randomText(11);
    const value = expression.startsWith(QUERY_KEY) ? moment.keys?.get(expression.slice(QUERY_KEY.length)) : undefined;
    if (value !== undefined) return value;
    if (expression === "firehose:error-output-type" && moment.errorType) return moment.errorType;
    throw unknown("prefix", expression);
  });
}

function check(where: string, expression: string, isError: boolean): void {
  if (expression.startsWith("timestamp:")) return void formatTime(expression.slice("timestamp:".length), new Date(0));
  if (expression === "firehose:random-string") return;
  if (expression === "firehose:error-output-type" && isError) return;
  throw unknown(where, expression);
}

const unknown = (where: string, expression: string) =>
  new AwsError("InvalidArgumentException", `${where} contains the invalid expression !{${expression}}`);

function randomText(length: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join("");
}

function field(letter: string, width: number, at: Date): string {
  const hour = at.getUTCHours();
  const number = (value: number) => String(value).padStart(width, "0");
  switch (letter) {
    case "y":
    case "u":
      return width === 2 ? String(at.getUTCFullYear() % 100).padStart(2, "0") : number(at.getUTCFullYear());
    case "M":
    case "L":
      return width <= 2 ? number(at.getUTCMonth() + 1) : text(MONTHS[at.getUTCMonth()]!, width);
    case "d":
      return number(at.getUTCDate());
    case "D":
      return number(1 + Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000));
    case "H":
      return number(hour);
    case "k":
      return number(hour === 0 ? 24 : hour);
    case "h":
      return number(hour % 12 === 0 ? 12 : hour % 12);
    case "K":
      return number(hour % 12);
    case "m":
      return number(at.getUTCMinutes());
    case "s":
      return number(at.getUTCSeconds());
    case "S":
      return String(at.getUTCMilliseconds()).padStart(3, "0").padEnd(width, "0").slice(0, width);
    case "n":
      return number(at.getUTCMilliseconds() * 1_000_000);
    case "a":
      return hour < 12 ? "AM" : "PM";
    case "E":
      return text(DAYS[at.getUTCDay()]!, width);
    default:
      throw new AwsError(
        "InvalidArgumentException",
        `The timestamp pattern letter '${letter}' is not carried by the local AWS; it knows y u M L d D H h k K m s S n a E`,
      );
  }
}

const text = (name: string, width: number) => (width === 4 ? name : width === 5 ? name.slice(0, 1) : name.slice(0, 3));
