/**
 * JSON as the Java engine behind mapping templates holds it: 10.00 becomes the double 10.0 and prints as `10.0`, a whole number
 * keeps its digits however many they are, and an object is a map that prints as `{a=b}`.
 */
export type Json = null | boolean | string | bigint | Double | Json[] | Map<string, Json>;

/** A Java double. */
export class Double {
  constructor(readonly value: number) {}

  /** As `Double.toString`: plain from 0.001 to 10,000,000, otherwise with an exponent; always a digit behind the point. */
  toString(): string {
    const size = Math.abs(this.value);
    if (size === 0 || (size >= 1e-3 && size < 1e7)) {
      const plain = Object.is(this.value, -0) ? "-0" : String(this.value);
      return plain.includes(".") ? plain : `${plain}.0`;
    }
    const [mantissa = "", exponent = ""] = this.value.toExponential().split("e");
    return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${exponent.replace("+", "")}`;
  }
}

/** Text that is no JSON document; the message says where. */
export class JsonError extends Error {}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
/** Deeper documents are refused, as Jackson does, instead of running out of stack. */
const DEEPEST = 1000;

const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [QUOTE, COLON, COMMA, BACKSLASH] = [0x22, 0x3a, 0x2c, 0x5c];

/** Reads one JSON document (RFC 8259), nothing behind it. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** A text that is read as JSON once, when it is first asked for: by the request's model, or by a template. */
export class JsonText {
  private read: Json | undefined;

  constructor(readonly text: string) {}

  /** Throws JsonError for a text that is no JSON. */
  get document(): Json {
    this.read ??= parseJson(this.text);
    return this.read;
  }
}

/** Goes by the codes of characters: every batch of every record passes here. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    if (depth > DEEPEST) throw new JsonError(`nested deeper than ${DEEPEST} at character ${this.at}`);
    this.space();
    const first = this.code;
    if (first === OPEN_OBJECT) return this.object(depth);
    if (first === OPEN_LIST) return this.array(depth);
    if (first === QUOTE) return this.string();
    for (const [word, value] of WORDS) {
      if (first === word.charCodeAt(0) && this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) this.fail();
  }

  /** Of the character at hand; NaN behind the last one. */
  private get code(): number {
    return this.text.charCodeAt(this.at);
  }

  private object(depth: number): Json {
    const map = new Map<string, Json>();
    if (this.opensEmpty(CLOSE_OBJECT)) return map;
    do {
      this.space();
      const key = this.string();
      this.space();
      if (this.code !== COLON) this.fail();
      this.at++;
      map.set(key, this.value(depth + 1));
    } while (this.goesOn(CLOSE_OBJECT));
    return map;
  }

  private array(depth: number): Json {
    const list: Json[] = [];
    if (this.opensEmpty(CLOSE_LIST)) return list;
    do list.push(this.value(depth + 1));
    while (this.goesOn(CLOSE_LIST));
    return list;
  }

  /** Steps over the opening bracket, and over the closing one when nothing is between. */
  private opensEmpty(close: number): boolean {
    this.at++;
    this.space();
    if (this.code !== close) return false;
    this.at++;
    return true;
  }

  /** Steps over a comma (true) or the closing bracket. */
  private goesOn(close: number): boolean {
    this.space();
    const { code } = this;
    if (code !== COMMA && code !== close) this.fail();
    this.at++;
    return code === COMMA;
  }

  private string(): string {
    const from = this.at;
    if (this.code !== QUOTE) this.fail();
    let plain = true;
    for (this.at++; this.code !== QUOTE; this.at++) {
      if (this.at >= this.text.length) this.fail();
      if (this.code === BACKSLASH) {
        plain = false;
        this.at++;
      } else if (this.code < 0x20) plain = false;
    }
    this.at++;
    if (plain) return this.text.slice(from + 1, this.at - 1);
    try {
      // Only the escapes and control characters inside are left to check, which the engine's own parser does.
      return JSON.parse(this.text.slice(from, this.at));
    } catch {
      throw new JsonError(`a string with a line break or an unknown escape at character ${from}`);
    }
  }

  private number(): Json {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (!found) this.fail();
    const [token, fraction, exponent] = found;
    this.at += token.length;
    return fraction === undefined && exponent === undefined ? BigInt(token) : new Double(Number(token));
  }

  private space(): void {
    for (;;) {
      const { code } = this;
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private fail(): never {
    throw new JsonError(
      this.at >= this.text.length
        ? "unexpected end of the document"
        : `unexpected ${JSON.stringify(this.text[this.at])} at character ${this.at}`,
    );
  }
}

/** Writes JSON without spaces, as Jackson does. */
export function writeJson(value: Json): string {
  if (value === null || typeof value === "boolean" || typeof value === "bigint" || value instanceof Double)
    return String(value);
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  return `{${[...value].map(([key, member]) => `${quote(key)}:${writeJson(member)}`).join(",")}}`;
}

const SHORT: Readonly<Record<string, string>> = { "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that JSON must escape
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (c) =>
    c === '"' || c === "\\"
      ? `\\${c}`
      : (SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`),
  );
  return `"${escaped}"`;
}
