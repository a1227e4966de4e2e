import { notCarried, syntaxError } from "../errors";
import { QUALIFIED } from "../system-views";
import { CALLS, SAME } from "./calls";
import { isWord } from "./cursor";
import { type FromArray, FromClause } from "./from-clause";
import { quoteName, quoteString, type Token } from "./tokens";

const PSEUDO_FUNCTIONS: Readonly<Record<string, (user: string) => string>> = {
  current_user: quoteString,
  session_user: quoteString,
  user: quoteString,
  sysdate: () => "getdate()",
};

const VERSION =
  "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.0 (local)";

/**
 * Puts what Redshift writes otherwise than the engine into the engine's words: names without brackets (CURRENT_USER, SYSDATE), version(),
 * catalogue names of ours, types (FLOAT has 8 bytes here, 4 in the engine; SUPER), functions, subscripts (from 0 here, from 1 there), arrays
 * in FROM, strings and names. Only whole tokens are touched. Functions and operators that are not Redshift's, or not carried, are refused.
 */
export function toEngine(tokens: readonly Token[], user: string): string {
  return new Rewrite(
    tokens.filter((token) => token.kind !== "space"),
    user,
  ).sql();
}

/** One stretch of tokens: a statement, or what stands in a pair of brackets. */
class Rewrite {
  private readonly out: string[] = [];
  private readonly from: FromClause;
  private at = 0;
  /** SELECT TOP n, which the engine has as LIMIT at the end. */
  private top: string | undefined;

  constructor(
    private readonly own: readonly Token[],
    private readonly user: string,
    /** Where it stands: of a statement the select list's columns are named as Redshift names them. */
    private readonly outer = true,
    /** Names of the queries around it, which an array in FROM may begin with. */
    names: ReadonlySet<string> = new Set(),
  ) {
    this.from = new FromClause(new Set([...names, ...namesIn(own, names)]));
  }

  sql(): string {
    while (this.at < this.own.length) this.step();
    if (this.top !== undefined) this.out.push(`LIMIT ${this.top}`);
    return this.out.join(" ");
  }

  private step(): void {
    const { own, at } = this;
    const token = own[at]!;
    const before = own[at - 1];
    const after = own[at + 1];
    refuseForeign(own, at);
    if (token.kind === "parameter") throw notCarried(`the parameter :${token.value} without a value`);
    if (isWord(token, "top") && isWord(before, "select") && after?.kind === "number") {
      if (own.some((other) => ["union", "intersect", "except", "minus", "limit"].some((word) => isWord(other, word))))
        throw notCarried("TOP beside UNION, INTERSECT, EXCEPT or LIMIT");
      this.top = after.text;
      this.at += 2;
      return;
    }
    const array = this.from.array(own, at);
    if (array) {
      this.put(unnested(this.inner(array.path, false), array), array.length);
      return;
    }
    const qualified =
      after?.text === "." && own[at + 2] ? QUALIFIED[`${token.value}.${own[at + 2]!.value}`] : undefined;
    if (qualified && before?.text !== ".") this.put(qualified, 3);
    else if (token.text === "(" && token.kind === "symbol") this.brackets(at);
    else if (token.text === "[" && token.kind === "symbol") this.subscript(at);
    else if (token.kind === "word" && before?.text !== "." && after?.text === "(" && isCall(own, at)) this.call(at);
    else if (token.kind === "word" && before?.text !== ".")
      this.put(word(token, before, after, this.depth, this.user), 1);
    else if (token.kind === "string") this.put(quoteString(token.value), 1);
    else if (token.kind === "name") this.put(quoteName(token.value), 1);
    else this.put(token.kind === "word" ? token.value : token.text, 1);
  }

  /** 0 in the statement's own select list. */
  private get depth(): number {
    return this.outer ? 0 : 1;
  }

  private put(sql: string, tokens: number): void {
    this.out.push(sql);
    this.at += tokens;
  }

  private inner(tokens: readonly Token[], outer = false): string {
    return new Rewrite(tokens, this.user, outer, this.from.names()).sql();
  }

  private brackets(at: number): void {
    const end = closing(this.own, at);
    this.put(`( ${this.inner(this.own.slice(at + 1, end))} )`, end - at + 1);
  }

  private subscript(at: number): void {
    const { own } = this;
    const before = own[at - 1];
    const [index, more] = [own[at + 1], own[at + 2]];
    const follows =
      before && (before.kind === "name" || before.kind === "word" || before.text === "]" || before.text === ")");
    if (!follows || (before.kind === "word" && KEYWORDS_BEFORE_VALUES.has(before.value)) || isWord(before, "array"))
      throw syntaxError("[");
    if (this.variableSubscript(at)) return;
    if (index?.kind !== "number" || !/^\d+$/.test(index.text) || more?.text !== "]")
      throw notCarried("a subscript that is no whole number and no column");
    this.put(`[${Number(index.text) + 1}]`, 3);
  }

  /**
   * A path whose subscript is a column, `o.data.items[p.n]`: the engine takes only constants on SUPER values, and columns on a list of them. True when it was one.
   */
  private variableSubscript(at: number): boolean {
    const { own, out } = this;
    const index: string[] = [];
    let end = at + 1;
    for (; own[end] && own[end]!.text !== "]"; end++) {
      const { kind, text, value } = own[end]!;
      if (kind !== "word" && kind !== "name" && text !== ".") return false;
      index.push(kind === "name" ? quoteName(value) : kind === "word" ? value : text);
    }
    let start = at;
    while (
      start > 0 &&
      (own[start - 1]!.kind === "word" || own[start - 1]!.kind === "name" || own[start - 1]!.text === ".")
    ) {
      const previous = own[start - 1]!;
      // Two names without a point between them: the path begins at the second.
      if (start < at && previous.text !== "." && own[start]!.text !== ".") break;
      start--;
    }
    if (index.length === 0 || start === at || !own[end]) return false;
    const path = out.splice(out.length - (at - start)).join("");
    this.put(`TRY(CAST(${path} AS VARIANT[]))[CAST(${index.join("")} AS BIGINT) + 1]`, end - at + 1);
    return true;
  }

  private call(at: number): void {
    const { own } = this;
    const name = own[at]!.value;
    const end = closing(own, at + 1);
    const inside = own.slice(at + 2, end);
    if (name === "version" && inside.length === 0) {
      this.put(labelled(quoteString(VERSION), "version", own[at - 1], own[end + 1], this.depth), end - at + 1);
      return;
    }
    if (name === "avg" || name === "listagg") {
      const { sql, next } = this.aggregate(name, inside, end + 1);
      this.put(labelled(sql, name, own[at - 1], own[next], this.depth), next - at);
      return;
    }
    const call = CALLS[name];
    if (!call) {
      if (!SAME.has(name)) throw notCarried(`function ${name}()`);
      this.put(`${name}( ${this.inner(inside)} )`, end - at + 1);
      return;
    }
    const args = split(inside).map((tokens) => ({ tokens, sql: this.inner(tokens) }));
    this.put(labelled(call(args, name), name, own[at - 1], own[end + 1], this.depth), end - at + 1);
  }

  /** AVG of integers is an integer (r_AVG), which the engine's sum and count give; LISTAGG's order stands within its brackets there. */
  private aggregate(name: string, inside: readonly Token[], from: number): { sql: string; next: number } {
    const { own } = this;
    let next = from;
    let order = "";
    if (isWord(own[next], "within") && isWord(own[next + 1], "group") && own[next + 2]?.text === "(") {
      const end = closing(own, next + 2);
      order = this.inner(own.slice(next + 3, end));
      next = end + 1;
    }
    let over = "";
    if (isWord(own[next], "over")) {
      const end = own[next + 1]?.text === "(" ? closing(own, next + 1) : next + 1;
      over = ` OVER ${own[next + 1]?.text === "(" ? `(${this.inner(own.slice(next + 2, end))})` : own[end]?.value}`;
      next = end + 1;
    }
    if (name === "avg") {
      const args = this.inner(inside);
      return { sql: `(sum(${args})${over} / nullif(count(${args})${over}, 0))`, next };
    }
    const distinct = isWord(inside[0], "distinct") ? "DISTINCT " : "";
    const [value, delimiter] = split(distinct ? inside.slice(1) : inside).map((tokens) => this.inner(tokens));
    const by = order ? ` ${order}` : "";
    return { sql: `string_agg(${distinct}CAST(${value} AS VARCHAR), ${delimiter ?? "''"}${by})${over}`, next };
  }
}

/** Names of the items of FROM: a subquery in the select list may begin with one that is only named after it. */
function namesIn(own: readonly Token[], around: ReadonlySet<string>): ReadonlySet<string> {
  const from = new FromClause(around);
  for (let at = 0; at < own.length; ) {
    const array = from.array(own, at);
    at = array ? at + array.length : own[at]!.text === "(" && own[at]!.kind === "symbol" ? closing(own, at) : at + 1;
  }
  return from.names();
}

/**
 * An array as a subquery of its elements. By way of JSON, which the engine takes apart ten times faster than a VARIANT, of which each element would carry the whole array
 * along; and by `unnest` in a select list, which it runs in place of a join with itself. What is no array gives no row.
 */
function unnested(path: string, { alias, index }: FromArray): string {
  const list = `TRY_CAST(CAST(${path} AS JSON) AS JSON[])`;
  // Names that no query has: the path is looked up beside them.
  const [element, position] = [quoteName("element of"), quoteName("position of")];
  const inner = `unnest(${list}) AS ${element}${index ? `, generate_subscripts(${list}, 1) AS ${position}` : ""}`;
  const outer = `CAST(${element} AS VARIANT) AS ${quoteName(alias)}${index ? `, ${position} - 1 AS ${quoteName(index)}` : ""}`;
  return `LATERAL (SELECT ${outer} FROM (SELECT ${inner})) AS ${quoteName(`${alias} of`)}`;
}

/** The bracket that closes the one at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]!.kind !== "symbol") continue;
    if (tokens[at]!.text === "(") depth++;
    if (tokens[at]!.text === ")" && --depth === 0) return at;
  }
  throw syntaxError(undefined);
}

/** What stands between commas. */
function split(tokens: readonly Token[]): Token[][] {
  if (tokens.length === 0) return [];
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "symbol") {
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
      if (token.text === "," && depth === 0) {
        parts.push([]);
        continue;
      }
    }
    parts.at(-1)!.push(token);
  }
  return parts;
}

/** Words that may stand before a bracket and call nothing. */
const NO_CALLS: ReadonlySet<string> = new Set(
  `all and any as between by case cross cube distinct else except exists filter from full group grouping having if ilike in inner interval intersect
  is join left_join like limit lateral not offset on or order outer over partition qualify recursive rollup select set sets some then top
  union unnest using values when where window with within minus
  bigint bool boolean bpchar char character date decimal double float float4 float8 int int2 int4 int8 integer nchar numeric nvarchar real smallint
  super text time timestamp timestamptz timetz varbyte varchar varying`.split(/\s+/),
);

/** Whether the word at `at`, before a bracket, calls a function: it is no keyword, no type and no name with a list of columns. */
function isCall(own: readonly Token[], at: number): boolean {
  const token = own[at]!;
  if (NO_CALLS.has(token.value)) return false;
  const before = own[at - 1];
  if (before?.kind === "name" || before?.text === ")" || isWord(before, "as") || isWord(before, "with")) return false;
  if (before?.kind === "word" && !KEYWORDS_BEFORE_VALUES.has(before.value)) return false;
  const end = closing(own, at + 1);
  return !(isWord(own[end + 1], "as") && own[end + 2]?.text === "(");
}

const KEYWORDS_BEFORE_VALUES: ReadonlySet<string> = new Set(
  `all and any between by case distinct else from having ilike in interval is join like limit not offset on or returning select set some then top
  union using values when where except intersect lateral minus qualify escape to cross approximate date timestamp`.split(
    /\s+/,
  ),
);

/** What the engine reads and Redshift does not, or otherwise. */
function refuseForeign(own: readonly Token[], at: number): void {
  const token = own[at]!;
  const after = own[at + 1];
  if (token.kind === "symbol") {
    if (token.text === "{" || token.text === "}") throw syntaxError(token.text);
    if (/^!?~\*?$/.test(token.text)) throw notCarried(`operator ${token.text}`);
    if (token.text === "-" && after?.text === ">") throw syntaxError("->");
    return;
  }
  if (token.kind !== "word" || own[at - 1]?.text === ".") return;
  if (token.value === "approximate" && after?.kind === "word" && own[at + 2]?.text === "(")
    throw notCarried(`APPROXIMATE ${after.value.toUpperCase()}`);
  if (token.value === "similar" && isWord(after, "to")) throw notCarried("SIMILAR TO");
  if (token.value === "unpivot") throw notCarried("UNPIVOT");
  if (token.value === "pivot") throw notCarried("PIVOT");
  if (token.value === "tablesample" || token.value === "glob") throw syntaxError(token.value);
  if ((token.value === "asof" || token.value === "positional") && isWord(after, "join")) throw syntaxError(token.value);
  if (token.value === "by" && isWord(after, "all") && (own[at + 2] === undefined || own[at + 2]?.text === ")"))
    throw notCarried("GROUP BY ALL and ORDER BY ALL");
}

function word(token: Token, before: Token | undefined, after: Token | undefined, depth: number, user: string): string {
  const pseudo = PSEUDO_FUNCTIONS[token.value];
  if (pseudo && after?.text !== "." && after?.text !== "(" && !isWord(before, "as")) {
    return labelled(pseudo(user), token.value, before, after, depth);
  }
  if (token.value === "float" && after?.text !== "(" && (before?.text === "::" || isWord(before, "as")))
    return "float8";
  // The engine reserves it.
  if (token.value === "at" && !isWord(after, "time")) return quoteName("at");
  if (token.value === "super" && (before?.text === "::" || isWord(before, "as"))) return "variant";
  return token.value;
}

/** An item of the outer select list keeps the name that Redshift gives its column. */
function labelled(
  sql: string,
  name: string,
  before: Token | undefined,
  after: Token | undefined,
  depth: number,
): string {
  const first = isWord(before, "select") || (before?.text === "," && depth === 0);
  const last = after === undefined || isWord(after, "from") || (after.text === "," && depth === 0);
  return first && last ? `${sql} AS ${quoteName(name)}` : sql;
}
