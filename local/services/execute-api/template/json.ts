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

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
/** Deeper documents are refused, as Jackson does, instead of running out of stack. */
const DEEPEST = 1000;

/** Reads one JSON document (RFC 8259), nothing behind it. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    if (depth > DEEPEST) throw new JsonError(`nested deeper than ${DEEPEST} at character ${this.at}`);
    this.take(SPACE);
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (first === '"') return this.string();
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  end(): void {
    this.take(SPACE);
    if (this.at < this.text.length) this.fail();
  }

  private object(depth: number): Json {
    const map = new Map<string, Json>();
    for (const _ of this.members("}")) {
      this.take(SPACE);
      const key = this.string();
      this.take(SPACE);
      if (this.text[this.at++] !== ":") this.fail(-1);
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  private array(depth: number): Json {
    const list: Json[] = [];
    for (const _ of this.members("]")) list.push(this.value(depth + 1));
    return list;
  }

  /** Yields once for each member, between the brackets and commas. */
  private *members(close: string): Generator<void> {
    this.at++;
    this.take(SPACE);
    if (this.text[this.at] === close) {
      this.at++;
      return;
    }
    for (;;) {
      yield;
      this.take(SPACE);
      const next = this.text[this.at++];
      if (next === close) return;
      if (next !== ",") this.fail(-1);
    }
  }

  private string(): string {
    const from = this.at;
    if (this.text[from] !== '"') this.fail();
    let to = from + 1;
    while (this.text[to] !== '"') {
      if (to >= this.text.length) this.fail(to - from);
      to += this.text[to] === "\\" ? 2 : 1;
    }
    this.at = to + 1;
    try {
      // Only the escapes and control characters inside are left to check, which the engine's own parser does.
      return JSON.parse(this.text.slice(from, this.at));
    } catch {
      throw new JsonError(`a string with a line break or an unknown escape at character ${from}`);
    }
  }

  private number(): Json {
    const token = this.take(NUMBER);
    if (!token) this.fail();
    return /[.eE]/.test(token) ? new Double(Number(token)) : BigInt(token);
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private fail(by = 0): never {
    const at = this.at + by;
    throw new JsonError(
      at >= this.text.length
        ? "unexpected end of the document"
        : `unexpected ${JSON.stringify(this.text[at])} at character ${at}`,
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
