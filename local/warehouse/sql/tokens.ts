import { SqlError } from "../errors";

/** `word` is an unquoted identifier or keyword, `name` a quoted identifier; space and comments are tokens too, so that text can be put together again. */
export type TokenKind = "word" | "name" | "string" | "number" | "symbol" | "parameter" | "space";

export interface Token {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
  /** Lower case for words and names (Redshift folds both), unescaped for strings. */
  readonly value: string;
}

const SPACE = /(?:\s+|--[^\n]*(?:\n|$))+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /::|<>|<=|>=|!=|\|\||!~\*?|~\*|[^\s]/y;
const PARAMETER = /:[A-Za-z0-9_]+/y;

/**
 * Cuts SQL into tokens. Strings, quoted identifiers, dollar quotes and comments are whole tokens, so what they hold is never taken for SQL.
 *
 * @throws SqlError for a quote or comment without an end
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  const push = (kind: TokenKind, text: string, value: string) => {
    tokens.push({ kind, text, value });
    at += text.length;
  };
  while (at < sql.length) {
    const space = take(SPACE);
    if (space) {
      push("space", space, " ");
      continue;
    }
    const here = sql[at];
    if (here === "/" && sql[at + 1] === "*") {
      const text = blockComment(sql, at);
      push("space", text, " ");
    } else if (here === "'") {
      const text = quoted(sql, at, "'");
      push("string", text, unescaped(text.slice(1, -1)));
    } else if (here === '"') {
      const text = quoted(sql, at, '"');
      push("name", text, text.slice(1, -1).replaceAll('""', '"').toLowerCase());
    } else if (here === "$" && /\$[A-Za-z_]*\$/y.test(sql.slice(at))) {
      const tag = /^\$[A-Za-z_]*\$/.exec(sql.slice(at))![0];
      const end = sql.indexOf(tag, at + tag.length);
      if (end < 0) throw new SqlError(`unterminated dollar-quoted string at or near "${tag}"`, "42601");
      push("string", sql.slice(at, end + tag.length), sql.slice(at + tag.length, end));
    } else {
      const word = take(WORD);
      const number = word ? undefined : take(NUMBER);
      const parameter = word || number || sql[at + 1] === ":" || sql[at - 1] === ":" ? undefined : take(PARAMETER);
      if (word) push("word", word, word.toLowerCase());
      else if (number) push("number", number, number);
      else if (parameter) push("parameter", parameter, parameter.slice(1));
      else {
        const symbol = take(SYMBOL)!;
        push("symbol", symbol, symbol);
      }
    }
  }
  return tokens;
}

/** Comments nest, as in PostgreSQL. */
function blockComment(sql: string, start: number): string {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    const two = sql.slice(at, at + 2);
    if (two === "/*") {
      depth++;
      at++;
    } else if (two === "*/") {
      depth--;
      at++;
      if (depth === 0) return sql.slice(start, at + 1);
    }
  }
  throw new SqlError("unterminated /* comment", "42601");
}

/** A quote doubled is a quote; in a string a backslash escapes too, as Redshift has it (`standard_conforming_strings` off). */
function quoted(sql: string, start: number, quote: string): string {
  for (let at = start + 1; at < sql.length; at++) {
    if (quote === "'" && sql[at] === "\\") at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return sql.slice(start, at + 1);
      at++;
    }
  }
  throw new SqlError(
    `unterminated quoted ${quote === "'" ? "string" : "identifier"} at or near "${sql.slice(start, start + 20)}"`,
    "42601",
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

function unescaped(inner: string): string {
  return inner.replace(/''|\\([0-7]{1,3}|.)/gs, (whole, escaped: string | undefined) => {
    if (escaped === undefined) return whole === "''" ? "'" : whole;
    if (/^[0-7]+$/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
    return ESCAPES[escaped] ?? escaped;
  });
}

/** SQL for the engine: identifiers folded to lower case, strings in the engine's quoting, comments gone. */
export function render(tokens: readonly Token[]): string {
  return tokens.map(renderOne).join("").trim();
}

function renderOne(token: Token): string {
  if (token.kind === "space") return " ";
  if (token.kind === "string") return quoteString(token.value);
  if (token.kind === "name") return quoteName(token.value);
  if (token.kind === "word") return token.value;
  return token.text;
}

export function quoteString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Statements between semicolons; empty ones are left out. */
export function split(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "symbol" && token.text === ";") statements.push([]);
    else statements.at(-1)!.push(token);
  }
  return statements.filter((statement) => statement.some((token) => token.kind !== "space"));
}
