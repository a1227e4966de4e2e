import { JobError } from "./errors";

/** `name` is a word or a `quoted` identifier, `text` its value: literals and quoted names come unquoted. */
export interface Token {
  readonly kind: "name" | "string" | "number" | "symbol";
  readonly text: string;
  /** Offset of the first character, and of the one behind the last. */
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /\s+|'((?:[^']|'')*)'|`((?:[^`]|``)*)`|([A-Za-z_][A-Za-z0-9_$]*)|(\d+(?:\.\d+)?)|(\|\||<>|<=|>=|[-+*/%(),.<>=;:[\]])/y;

/** The tokens of one Flink SQL statement without comments. */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(sql);
    if (!match) throw new JobError(`unexpected ${JSON.stringify(sql[start])} in ${excerpt(sql, start)}`);
    const [, literal, quoted, word, number, symbol] = match;
    const at = { start, end: TOKEN.lastIndex };
    if (literal !== undefined) found.push({ kind: "string", text: literal.replaceAll("''", "'"), ...at });
    else if (quoted !== undefined) found.push({ kind: "name", text: quoted.replaceAll("``", "`"), ...at });
    else if (word !== undefined) found.push({ kind: "name", text: word, ...at });
    else if (number !== undefined) found.push({ kind: "number", text: number, ...at });
    else if (symbol !== undefined) found.push({ kind: "symbol", text: symbol, ...at });
  }
  return found;
}

/** Walks the tokens of one statement, and says what was wanted where something else stands. */
export class Reader {
  private at = 0;
  private readonly all: readonly Token[];

  constructor(private readonly sql: string) {
    this.all = tokens(sql);
  }

  peek(): Token | undefined {
    return this.all[this.at];
  }

  next(wanted: string): Token {
    const token = this.all[this.at++];
    if (!token) throw new JobError(`${wanted} expected at the end of ${excerpt(this.sql, this.sql.length)}`);
    return token;
  }

  /** Whether the next token is this keyword or symbol; if so it is passed. */
  take(text: string): boolean {
    const token = this.peek();
    if (!token || token.kind === "string" || token.text.toUpperCase() !== text) return false;
    this.at++;
    return true;
  }

  expect(...texts: readonly string[]): void {
    for (const text of texts) {
      const token = this.peek();
      if (!this.take(text)) throw this.unexpected(token, text);
    }
  }

  kind(kind: Token["kind"], wanted: string): string {
    const token = this.next(wanted);
    if (token.kind !== kind) throw this.unexpected(token, wanted);
    return token.text;
  }

  end(): void {
    const token = this.peek();
    if (token) throw this.unexpected(token, "the end of the statement");
  }

  unexpected(token: Token | undefined, wanted: string): JobError {
    const got = token ? `got ${token.text}` : "got the end";
    return new JobError(`${wanted} expected, ${got}, in ${excerpt(this.sql, token?.start ?? this.sql.length)}`);
  }
}

function excerpt(sql: string, at: number): string {
  const from = Math.max(0, at - 30);
  return `"${sql.slice(from, at + 30).replace(/\s+/g, " ")}"`;
}
