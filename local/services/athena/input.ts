import { AwsError } from "../../gateway/types";
import { invalid } from "./errors";

/** The body of a call, or a structure in it, read with checks; a member of the wrong type is said by its name. */
export class Input {
  private constructor(private readonly body: Readonly<Record<string, unknown>>) {}

  static parse(text: string): Input {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text || "{}");
    } catch {
      throw new AwsError("SerializationException", "The request body is not JSON");
    }
    if (!isObject(parsed)) throw new AwsError("SerializationException", "The request body must be a JSON object");
    return new Input(parsed);
  }

  has(name: string): boolean {
    return this.body[name] !== undefined && this.body[name] !== null;
  }

  string(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.body[name];
    if (typeof value !== "string") throw new AwsError("SerializationException", `${name} must be a string`);
    return value;
  }

  require(name: string): string {
    const value = this.string(name);
    if (value === undefined || value === "") throw invalid(`${name} is required.`);
    return value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.body[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
      throw invalid(`${name} must be a whole number between ${min} and ${max}, got ${JSON.stringify(value)}`);
    }
    return value;
  }

  boolean(name: string): boolean | undefined {
    if (!this.has(name)) return undefined;
    const value = this.body[name];
    if (typeof value !== "boolean") throw new AwsError("SerializationException", `${name} must be true or false`);
    return value;
  }

  strings(name: string): string[] {
    const value = this.body[name] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw new AwsError("SerializationException", `${name} must be a list of strings`);
    }
    return value;
  }

  /** A structure; one that was not sent is empty. */
  structure(name: string): Input {
    const value = this.body[name] ?? {};
    if (!isObject(value)) throw new AwsError("SerializationException", `${name} must be a structure`);
    return new Input(value);
  }

  tags(): Record<string, string> {
    const value = this.body.Tags ?? [];
    if (!Array.isArray(value)) throw new AwsError("SerializationException", "Tags must be a list");
    return Object.fromEntries(
      value.map((tag: { Key?: unknown; Value?: unknown }) => [String(tag.Key), String(tag.Value ?? "")]),
    );
  }

  /** What this service does not do is refused by name. */
  refuse(...names: readonly string[]): void {
    for (const name of names) {
      if (this.has(name)) throw invalid(`${name} is not carried by the local Athena`);
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `MaxResults` items from `NextToken` on. */
export function pageOf<T>(input: Input, items: readonly T[], most: number): { page: readonly T[]; NextToken?: string } {
  const size = input.integer("MaxResults", 1, most) ?? most;
  const from = readToken(input.string("NextToken"));
  const next = from + size;
  return { page: items.slice(from, next), ...(next < items.length ? { NextToken: writeToken(next) } : {}) };
}

export const writeToken = (offset: number) => Buffer.from(`item:${offset}`).toString("base64url");

export function readToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const match = /^item:(\d+)$/.exec(Buffer.from(token, "base64url").toString());
  if (!match) throw invalid("NextToken is not valid.");
  return Number(match[1]);
}
