import { SqlError, syntaxError } from "../errors";
import type { Token } from "./tokens";

/** A name with its schema, `public` unless written. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export function showName(table: TableName): string {
  return table.schema === "public" ? table.name : `${table.schema}.${table.name}`;
}

/** Walks the tokens of one statement, space passed over. */
export class Cursor {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens.filter((token) => token.kind !== "space");
  }

  get position(): number {
    return this.at;
  }

  set position(position: number) {
    this.at = position;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  next(): Token {
    const token = this.tokens[this.at];
    if (!token) throw syntaxError(undefined);
    this.at++;
    return token;
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  /** Takes the words if they stand here in this order. */
  accept(...words: readonly string[]): boolean {
    if (!words.every((word, i) => isWord(this.peek(i), word))) return false;
    this.at += words.length;
    return true;
  }

  acceptSymbol(symbol: string): boolean {
    const token = this.peek();
    if (token?.kind !== "symbol" || token.text !== symbol) return false;
    this.at++;
    return true;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) throw syntaxError(this.peek()?.text);
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw syntaxError(this.peek()?.text);
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.done) throw syntaxError(this.peek()!.text);
  }

  name(): string {
    const token = this.next();
    if (token.kind !== "word" && token.kind !== "name") throw syntaxError(token.text);
    return token.value;
  }

  string(): string {
    const token = this.next();
    if (token.kind !== "string") throw syntaxError(token.text);
    return token.value;
  }

  integer(what: string): number {
    const token = this.next();
    if (token.kind !== "number" || !/^\d+$/.test(token.text)) {
      throw new SqlError(`${what} takes a whole number, got ${token.text}`, "42601");
    }
    return Number(token.text);
  }

  /** `table`, `schema.table` or `database.schema.table`. */
  table(database: string): TableName {
    const parts = [this.name()];
    while (this.acceptSymbol(".")) parts.push(this.name());
    if (parts.length === 3 && parts[0] === database) parts.shift();
    if (parts.length > 2)
      throw new SqlError(`cross-database reference "${parts.join(".")}" is not possible here`, "0A000");
    return { schema: parts.length === 2 ? parts[0]! : "public", name: parts.at(-1)! };
  }

  /** `(a, b, c)`. */
  nameList(): string[] {
    const names: string[] = [];
    this.expectSymbol("(");
    do names.push(this.name());
    while (this.acceptSymbol(","));
    this.expectSymbol(")");
    return names;
  }

  /** Tokens up to where a `stop` symbol stands outside brackets, or the end; the stop is not taken. */
  until(...stops: readonly string[]): Token[] {
    const taken: Token[] = [];
    let depth = 0;
    while (!this.done) {
      const token = this.peek()!;
      if (depth === 0 && token.kind === "symbol" && stops.includes(token.text)) break;
      if (token.kind === "symbol" && token.text === "(") depth++;
      if (token.kind === "symbol" && token.text === ")") depth--;
      taken.push(this.next());
    }
    return taken;
  }

  rest(): Token[] {
    const rest = this.tokens.slice(this.at);
    this.at = this.tokens.length;
    return rest;
  }
}

export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.value === word;
}

/** Tokens without their space, put together again with spaces where two words would run into one. */
export function spaced(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => [token, { kind: "space", text: " ", value: " " } as Token]);
}
