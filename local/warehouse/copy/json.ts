import { SqlError } from "../errors";
import { type ObjectStore, readObject } from "./files";
import type { Field } from "./records";

/**
 * COPY's reader of JSON, by https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-json.html: objects or arrays one after
 * the other, line ends between them or not. It takes values as they are written, so that no digit of a number is lost, and looks only
 * at what a column asks for.
 */

/** How values find their columns. */
export type JsonMapping =
  | { readonly kind: "auto"; readonly ignoreCase: boolean }
  | { readonly kind: "paths"; readonly paths: readonly JsonPath[] }
  /** The whole document to the one column. */
  | { readonly kind: "noshred" };

export type JsonPath = readonly (string | number)[];

export interface JsonRecord {
  /** Number of its last line in the file, from 1, as Redshift counts for JSON. */
  readonly line: number;
  /** One for each column; null is JSON's null, undefined what the document does not have. */
  readonly fields: readonly (Field | null | undefined)[];
  readonly error?: { readonly code: number; readonly reason: string };
  /** Length in UTF-16 units. */
  readonly size: number;
  raw(): string;
}

/** The document is broken at `at`. */
class Broken extends Error {
  constructor(
    readonly at: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}
/** The text ends inside the document. */
class Open extends Error {}
const OPEN = new Open();

/** Cuts the pieces of one file into documents; see RecordReader for pieces and `rest`. */
export class JsonReader {
  rest = "";
  private line = 1;
  private first = true;
  private readonly wanted: ReadonlyMap<string, number>;

  constructor(
    private readonly mapping: JsonMapping,
    private readonly columns: readonly string[],
  ) {
    this.wanted = new Map(columns.map((name, i) => [name, i]));
  }

  *read(text: string, final: boolean): Generator<JsonRecord> {
    let at = this.first && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.first = false;
    this.rest = "";
    for (;;) {
      const start = this.blank(text, at);
      if (start >= text.length) return;
      let fields: (Field | null | undefined)[] = [];
      let end: number;
      let error: JsonRecord["error"];
      try {
        fields = new Array(this.columns.length).fill(undefined);
        end = this.document(text, start, fields);
      } catch (problem) {
        if (problem instanceof Open && !final) {
          this.rest = text.slice(start);
          return;
        }
        if (!(problem instanceof Open || problem instanceof Broken)) throw problem;
        // What is broken ends with its line, or where a line begins another document: a fair place to begin again.
        const from = problem instanceof Broken ? problem.at : start;
        const newline = text.indexOf("\n", from);
        const begins = from > start && text[from - 1] === "\n" && (text[from] === "{" || text[from] === "[");
        end = begins ? from : newline < 0 ? text.length : newline;
        const reason = problem instanceof Broken ? problem.reason : "Invalid JSON: the document does not end";
        error = { code: 1216, reason };
      }
      this.line += lineEnds(text, start, end);
      yield {
        line: this.line,
        fields,
        ...(error ? { error } : {}),
        size: end - start,
        raw: () => text.slice(start, end),
      };
      at = end;
    }
  }

  /** Passes over white space and counts its lines. */
  private blank(text: string, from: number): number {
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 10) this.line++;
      else if (!isBlank(code)) break;
    }
    return at;
  }

  private document(text: string, start: number, fields: (Field | null | undefined)[]): number {
    const opening = text[start];
    if (opening !== "{" && opening !== "[") {
      throw new Broken(start, `Invalid JSON: a document begins with { or [, not with ${show(text, start)}`);
    }
    const { mapping } = this;
    if (mapping.kind === "auto") {
      if (opening === "[")
        throw new Broken(start, "Invalid JSON: 'auto' takes objects, not arrays (use a JSONPaths file)");
      return members(text, start, (key, from) => {
        const column = this.wanted.get(mapping.ignoreCase ? key.toLowerCase() : key);
        if (column === undefined) return skip(text, from);
        const end = skip(text, from);
        fields[column] = fieldAt(text, from, end);
        return end;
      });
    }
    const end = skip(text, start);
    if (mapping.kind === "noshred") fields[0] = fieldAt(text, start, end);
    else for (const [i, path] of mapping.paths.entries()) fields[i] = find(text, start, end, path);
    return end;
  }
}

/** @throws SqlError for a file that is no JSONPaths file or does not fit the columns */
export async function jsonMapping(
  option: string,
  store: ObjectStore,
  columns: readonly { readonly name: string; readonly type: { readonly kind: string } }[],
): Promise<JsonMapping> {
  const word = option.trim().toLowerCase();
  if (word === "auto" || word === "auto ignorecase") return { kind: "auto", ignoreCase: word !== "auto" };
  if (word === "noshred") {
    if (columns.length !== 1 || columns[0]!.type.kind !== "super")
      throw new SqlError("JSON 'noshred' loads exactly one column, of type SUPER", "0A000");
    return { kind: "noshred" };
  }
  const content = (await readObject(store, option)).toString("utf8");
  let file: unknown;
  try {
    file = JSON.parse(content);
  } catch (error) {
    throw new SqlError(`Invalid JSONPaths file ${option}: ${(error as Error).message}`, "22023");
  }
  const paths = (file as { jsonpaths?: unknown } | null)?.jsonpaths;
  // By AWS: under any other name COPY goes on as with 'auto'.
  if (paths === undefined) return { kind: "auto", ignoreCase: false };
  if (!Array.isArray(paths))
    throw new SqlError(`Invalid JSONPaths file ${option}: "jsonpaths" must be a list`, "22023");
  if (paths.length !== columns.length) {
    throw new SqlError(
      `Number of jsonpaths and the number of columns should match. JSONPath size: ${paths.length}, Number of columns in table or column list: ${columns.length}`,
      "22023",
    );
  }
  return { kind: "paths", paths: paths.map((path) => readPath(path, option)) };
}

/** `$.a.b`, `$['a']['b'][0]`: one place, no wildcards and filters. */
function readPath(path: unknown, file: string): JsonPath {
  const bad = new SqlError(
    `Invalid JSONPath format: ${JSON.stringify(path)} in ${file}. Supported notations are 'dot-notation' ($.a.b[0]) and 'bracket-notation' ($['a']['b'][0])`,
    "22023",
  );
  if (typeof path !== "string" || !path.startsWith("$")) throw bad;
  const steps: (string | number)[] = [];
  const step = /\.([^.[\]'"*?@]+)|\[\s*(?:'([^']*)'|"([^"]*)"|(\d+))\s*\]/y;
  for (step.lastIndex = 1; step.lastIndex < path.length; ) {
    const match = step.exec(path);
    if (!match) throw bad;
    const [, dotted, single, double, index] = match;
    steps.push(index === undefined ? (dotted ?? single ?? double)! : Number(index));
  }
  return steps;
}

function find(text: string, start: number, end: number, path: JsonPath): Field | null | undefined {
  let from = start;
  let to = end;
  for (const step of path) {
    let found = -1;
    let foundEnd = -1;
    if (typeof step === "string") {
      if (text[from] !== "{") return undefined;
      members(text, from, (key, at) => {
        const next = skip(text, at);
        if (key === step) [found, foundEnd] = [at, next];
        return next;
      });
    } else {
      if (text[from] !== "[") return undefined;
      let index = 0;
      elements(text, from, (at) => {
        const next = skip(text, at);
        if (index++ === step) [found, foundEnd] = [at, next];
        return next;
      });
    }
    if (found < 0) return undefined;
    [from, to] = [found, foundEnd];
  }
  return fieldAt(text, from, to);
}

function fieldAt(text: string, from: number, end: number): Field | null {
  const raw = text.slice(from, end);
  if (raw === "null") return null;
  return raw[0] === '"'
    ? { text: unquote(raw, from), quoted: true, json: raw }
    : { text: raw, quoted: false, json: raw };
}

function unquote(raw: string, at: number): string {
  if (!raw.includes("\\")) return raw.slice(1, -1);
  try {
    return JSON.parse(raw) as string;
  } catch {
    throw new Broken(at, `Invalid JSON: a wrong escape in the string ${raw.slice(0, 40)}`);
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function over(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  if (at >= text.length) throw OPEN;
  return at;
}

function show(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 10));
}

/** Walks an object; `visit` gets each key and where its value begins, and answers where that ends. Answers where the object ends. */
function members(text: string, start: number, visit: (key: string, from: number) => number): number {
  let at = over(text, start + 1);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] !== '"')
      throw new Broken(at, `Invalid JSON: a name in quotes must stand where ${show(text, at)} stands`);
    const end = string(text, at);
    const key = unquote(text.slice(at, end), at);
    at = over(text, end);
    if (text[at] !== ":") throw new Broken(at, `Invalid JSON: a colon must stand where ${show(text, at)} stands`);
    at = over(text, visit(key, over(text, at + 1)));
    if (text[at] === "}") return at + 1;
    if (text[at] !== ",") throw new Broken(at, `Invalid JSON: a comma or } must stand where ${show(text, at)} stands`);
    at = over(text, at + 1);
  }
}

function elements(text: string, start: number, visit: (from: number) => number): number {
  let at = over(text, start + 1);
  if (text[at] === "]") return at + 1;
  for (;;) {
    at = over(text, visit(at));
    if (text[at] === "]") return at + 1;
    if (text[at] !== ",") throw new Broken(at, `Invalid JSON: a comma or ] must stand where ${show(text, at)} stands`);
    at = over(text, at + 1);
  }
}

/** Where the value that begins at `at` ends. */
function skip(text: string, at: number): number {
  switch (text[at]) {
    case '"':
      return string(text, at);
    case "{":
      return members(text, at, (_, from) => skip(text, from));
    case "[":
      return elements(text, at, (from) => skip(text, from));
    case undefined:
      throw OPEN;
  }
  WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0] ?? "";
  const end = at + word.length;
  if (end >= text.length) throw OPEN;
  if (word === "true" || word === "false" || word === "null" || NUMBER.test(word)) return end;
  throw new Broken(at, `Invalid JSON: ${show(text, at)} is no value`);
}

const WORD = /[^\s,:{}[\]"]*/y;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Where the string that begins at `at` ends; a backslash takes the next character along. */
function string(text: string, at: number): number {
  const newline = lineEndAfter(text, at);
  let end = text.indexOf('"', at + 1);
  while (end >= 0) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) break;
    end = text.indexOf('"', end + 1);
  }
  // JSON has no line end in a string: without this one lost quote would take the lines after it along.
  if (newline >= 0 && (end < 0 || newline < end))
    throw new Broken(newline, "Invalid JSON: a string does not end in its line");
  if (end < 0) throw OPEN;
  return end + 1;
}

let known = { text: "", from: 0, newline: -1 };

/** Remembers its last answer: asked for each string of a line, it would go through the line as often. */
function lineEndAfter(text: string, at: number): number {
  if (known.text !== text || at < known.from || (known.newline >= 0 && at > known.newline)) {
    known = { text, from: at, newline: text.indexOf("\n", at) };
  }
  return known.newline;
}

function lineEnds(text: string, start: number, end: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", start); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
