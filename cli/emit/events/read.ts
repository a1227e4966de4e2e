import { readFileSync } from "node:fs";
import { CommandError } from "../../problem";

/** Kinesis takes a record up to this size, its data and its partition key together. */
export const RECORD_BYTES = 1024 * 1024;

/** Key of events that have no value under the key's field, as the article's script had it for all. */
export const NO_KEY = "0";

/** One event of a file, as it is put. */
export interface FileEvent {
  /** The document on one line, with its newline: what lies behind one another in a file is still a line each. */
  readonly data: Buffer;
  readonly key: string;
  /** `events.json:12`. */
  readonly at: string;
}

/** An event that Kinesis would not take, and why. */
export interface RefusedEvent {
  readonly at: string;
  readonly reason: string;
}

export interface EventFile {
  readonly events: readonly FileEvent[];
  readonly refused: readonly RefusedEvent[];
}

/**
 * Reads the events of a file: JSON objects one behind another, a line each or not, or in one array.
 *
 * @param keyField field whose value is the partition key: events of one key keep their order
 * @throws CommandError with file and line for what is no JSON object: nothing is sent then
 */
export function readEvents(file: string, keyField: string): EventFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const found = eventsOf(text.replace(/^\uFEFF/, ""), file, keyField);
  if (found.events.length + found.refused.length === 0) {
    throw new CommandError(`${file} holds no event: it must be JSON objects, a line each or in one array`);
  }
  return found;
}

function eventsOf(text: string, file: string, keyField: string): EventFile {
  const events: FileEvent[] = [];
  const refused: RefusedEvent[] = [];
  for (const { from, to, line } of objectsIn(text, file)) {
    const at = `${file}:${line}`;
    const document = text.slice(from, to);
    const event = parsed(document, at);
    const value = event[keyField];
    // Kinesis takes a key of 1 to 256 characters.
    const key = typeof value === "string" && value !== "" ? [...value].slice(0, 256).join("") : NO_KEY;
    const data = Buffer.from(`${onOneLine(document)}\n`);
    const bytes = data.length + Buffer.byteLength(key);
    if (bytes <= RECORD_BYTES) events.push({ data, key, at });
    else {
      refused.push({
        at,
        reason: `${bytes.toLocaleString("en-US")} bytes with its key; Kinesis takes at most ${RECORD_BYTES.toLocaleString("en-US")} (1 MiB)`,
      });
    }
  }
  return { events, refused };
}

/** Without its white space; all else as it stands, for JSON.parse would round a long number and drop a field that is named twice. */
const onOneLine = (document: string): string =>
  document.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|\s+/g, (_, text: string | undefined) => text ?? "");

function parsed(text: string, at: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new CommandError(`${at}: is no JSON object (${(error as Error).message})`);
  }
}

interface Place {
  readonly from: number;
  readonly to: number;
  /** Of its first character, from 1. */
  readonly line: number;
}

/** Where the objects of the outermost level stand; between them white space, and commas and the brackets of one array. */
function* objectsIn(text: string, file: string): Generator<Place> {
  let line = 1;
  let at = 0;
  let first = true;
  /** Line of the array's bracket, and whether the other one has come: a file that was cut off between two events is not whole. */
  let array: number | undefined;
  let closed = false;
  while (at < text.length) {
    const sign = text[at]!;
    const fits = closed ? /\s/ : array !== undefined ? /[\s,{\]]/ : first ? /[\s,{[]/ : /[\s,{]/;
    if (!fits.test(sign)) {
      throw new CommandError(
        `${file}:${line}: must be a JSON object, got ${JSON.stringify(text.slice(at).split("\n", 1)[0]!.slice(0, 40))}`,
      );
    }
    if (sign === "[") array = line;
    if (sign === "]") closed = true;
    if (sign === "{") {
      first = false;
      const to = endOf(text, at);
      if (to === undefined) throw new CommandError(`${file}:${line}: the object that begins here does not end`);
      yield { from: at, to, line };
      for (let i = at; i < to; i++) if (text[i] === "\n") line++;
      at = to;
      continue;
    }
    if (sign === "\n") line++;
    at++;
  }
  if (array !== undefined && !closed)
    throw new CommandError(`${file}:${array}: the array that begins here does not end`);
}

/** Behind the object that begins at `from`. Braces inside of strings do not count: a message is a document inside a string. */
function endOf(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from, inString = false; at < text.length; at++) {
    const sign = text[at];
    if (inString) {
      if (sign === "\\") at++;
      else if (sign === '"') inString = false;
    } else if (sign === '"') inString = true;
    else if (sign === "{") depth++;
    else if (sign === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}
