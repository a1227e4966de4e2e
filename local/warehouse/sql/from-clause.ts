import { isWord } from "./cursor";
import type { Token } from "./tokens";

/** `FROM orders o, o.data.items AS i AT n`: an array of a SUPER value as an item of FROM. */
export interface FromArray {
  /** `o.data.items`. */
  readonly path: readonly Token[];
  readonly alias: string;
  /** Name of the position, from 0. */
  readonly index?: string;
  /** Tokens it takes. */
  readonly length: number;
}

const ENDS = [
  "where",
  "group",
  "having",
  "order",
  "limit",
  "offset",
  "qualify",
  "union",
  "intersect",
  "except",
  "minus",
  "window",
];
const JOINS = ["join", "inner", "left", "right", "full", "cross", "natural", "outer", "on", "using"];
const RESERVED: ReadonlySet<string> = new Set([...ENDS, ...JOINS, "as", "at", "set", "when", "select"]);

/**
 * Follows the FROM clauses of one query and tells the tables from the arrays
 * (https://docs.aws.amazon.com/redshift/latest/dg/query-super.html#unnest): an array begins with the name of an item before it.
 */
export class FromClause {
  private here = new Set<string>();
  /** Whether the next token begins an item. */
  private item = false;
  private inside = false;
  /** A FROM without a SELECT before it belongs to a function: EXTRACT(year FROM o.at). */
  private selected = false;

  /** @param around names of the queries around this one */
  constructor(private readonly around: ReadonlySet<string>) {}

  /** Names that a query inside of this one may begin a path with. */
  names(): ReadonlySet<string> {
    return new Set([...this.around, ...this.here]);
  }

  /** To be asked at each token in turn; the array that begins there, if one does. */
  array(own: readonly Token[], at: number): FromArray | undefined {
    const token = own[at]!;
    if (token.kind === "word" && own[at - 1]?.text !== ".") {
      if (token.value === "select") {
        // Another part of a UNION.
        this.here = new Set();
        this.inside = false;
        this.selected = true;
      } else if (token.value === "from" && this.selected && !isWord(own[at - 1], "distinct")) {
        this.inside = true;
        this.item = true;
        return undefined;
      } else if (token.value === "join" && this.inside) {
        this.item = true;
        return undefined;
      } else if (ENDS.includes(token.value)) this.inside = false;
    }
    if (!this.inside) return undefined;
    if (token.text === "," && token.kind === "symbol") {
      this.item = true;
      return undefined;
    }
    if (!this.item) {
      // The name of a query in brackets.
      if (own[at - 1]?.text === ")" || (isWord(own[at - 1], "as") && own[at - 2]?.text === ")")) this.name(token);
      return undefined;
    }
    this.item = false;
    if (token.kind !== "word" && token.kind !== "name") return undefined;
    let end = at + 1;
    while ((own[end]?.text === "." && own[end + 1]) || own[end]?.text === "[") end += own[end]!.text === "." ? 2 : 3;
    const path = own.slice(at, end);
    let next = end;
    if (isWord(own[next], "as")) next++;
    const named = this.isName(own[next]) ? own[next] : undefined;
    const alias = (named ?? path.filter((part) => part.kind === "word" || part.kind === "name").at(-1))!.value;
    this.here.add(alias);
    const known = this.here.has(token.value) && token.value !== alias;
    if (path.length < 3 || !(known || this.around.has(token.value))) return undefined;
    if (named) next++;
    const index = isWord(own[next], "at") && this.isName(own[next + 1]) ? own[next + 1]!.value : undefined;
    if (index) {
      this.here.add(index);
      next += 2;
    }
    return { path, alias, ...(index ? { index } : {}), length: next - at };
  }

  private name(token: Token): void {
    if (this.isName(token)) this.here.add(token.value);
  }

  private isName(token: Token | undefined): boolean {
    return token?.kind === "name" || (token?.kind === "word" && !RESERVED.has(token.value));
  }
}
