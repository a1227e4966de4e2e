/** What became of one record; `data` is base64, as Firehose carries it. */
export type Outcome =
  | { readonly kind: "ok"; readonly data: string }
  | { readonly kind: "failed"; readonly reason: string };

const QUOTED_NAME = ',"EXTRA2":';
const CLOSING_BRACE = 125;
const REPLACEMENT = "\uFFFD";

/** Longest text that is ever appended: the name, a double at its longest (24 characters), brace and newline. */
const TAIL_BYTES = QUOTED_NAME.length + 24 + 2;

/** `Buffer`'s own unchecked accessors: no object a record. They are part of Node.js, but not of its typings. */
interface Scratch extends Buffer {
  base64Write(text: string, offset: number, length: number): number;
  base64Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
}
const allocate = (bytes: number) => Buffer.allocUnsafeSlow(bytes) as Scratch;

/** One buffer for every record, as large as the largest one so far. A Firehose record is at most 1,000 KiB. */
let scratch = allocate(1 << 16);

/**
 * Adds `EXTRA2` = `fuel_consumption` * `lap_time` to one telemetry record. Never throws.
 *
 * The field is spliced in before the record's last brace, after `JSON.parse` has validated the whole: the sender's number
 * text, key order and spacing stay. Everything up to the splice is not even encoded again. The result is one line and ends with
 * exactly one newline, so that records lie in S3 as JSON lines.
 *
 * - Of a key that stands twice the last counts, as for every reader of the chain.
 * - An `EXTRA2` that is already there and right is left alone (a replayed record passes); one that is wrong is a failure, for
 *   overwriting it would hide that somebody else writes this field.
 * - A byte order mark and bytes that are not UTF-8 are failures: a later reader would stumble over them or silently replace them.
 */
export function addExtra2(data: string): Outcome {
  const bytes = decode(data);
  if (bytes < 0) return failed("data is not base64");
  const text = scratch.utf8Slice(0, bytes);
  if (text.includes(REPLACEMENT) && !isFaithful(text, bytes)) return failed("not UTF-8");

  const record = parse(text);
  if (record === undefined) return failed("not a JSON object");
  const { fuel_consumption: fuel, lap_time: lap, EXTRA2: present } = record;
  if (typeof fuel !== "number") return failed("fuel_consumption is not a number");
  if (typeof lap !== "number") return failed("lap_time is not a number");
  const extra2 = fuel * lap;
  if (!Number.isFinite(extra2)) return failed("fuel_consumption * lap_time is not finite");
  if (present !== undefined && present !== extra2) return failed("EXTRA2 is there already, with another value");

  // What stands behind the last brace of a valid object is JSON whitespace, one byte a character.
  let brace = bytes - 1;
  while (scratch[brace] !== CLOSING_BRACE) brace--;
  const tail = present === undefined ? `${QUOTED_NAME}${extra2}}\n` : "}\n";
  if (isOneLine(text, text.length - (bytes - brace))) return { kind: "ok", data: splice(data, brace, tail) };
  // A raw line break cannot stand inside a JSON string, so every one is spacing.
  return {
    kind: "ok",
    data: Buffer.from(
      text
        .trimEnd()
        .slice(0, -1)
        .replace(/[\r\n]+/g, "") + tail,
    ).toString("base64"),
  };
}

/** Puts the record into `scratch`, with room for what is appended. Answers its length, or -1 when `data` is not plain base64. */
function decode(data: string): number {
  const length = data.length;
  if (length % 4 !== 0) return -1;
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  const bytes = (length / 4) * 3 - padding;
  if (scratch.length < bytes + TAIL_BYTES) scratch = allocate(bytes + TAIL_BYTES);
  return scratch.base64Write(data, 0, scratch.length) === bytes ? bytes : -1;
}

/** Whether the text is what the bytes say, replacement characters that the sender really wrote included. */
const isFaithful = (text: string, bytes: number) => scratch.subarray(0, bytes).equals(Buffer.from(text));

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isOneLine(text: string, end: number): boolean {
  return isAbsentBefore(text.indexOf("\n"), end) && isAbsentBefore(text.indexOf("\r"), end);
}
const isAbsentBefore = (at: number, end: number) => at < 0 || at > end;

/** Keeps the base64 of the whole three-byte groups before the brace and encodes the rest anew. */
function splice(data: string, brace: number, tail: string): string {
  const groups = Math.floor(brace / 3);
  const end = brace + scratch.latin1Write(tail, brace);
  return data.slice(0, groups * 4) + scratch.base64Slice(groups * 3, end);
}

const failed = (reason: string): Outcome => ({ kind: "failed", reason });
