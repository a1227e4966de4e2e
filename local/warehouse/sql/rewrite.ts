import { notCarried } from "../errors";
import { QUALIFIED } from "../system-views";
import { isWord } from "./cursor";
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
 * Puts what Redshift writes otherwise than the engine into the engine's words: names without brackets (CURRENT_USER, SYSDATE),
 * version(), catalogue names of ours, FLOAT (8 bytes here, 4 in the engine), strings and names. Only whole tokens are touched.
 */
export function toEngine(tokens: readonly Token[], user: string): string {
  const own = tokens.filter((token) => token.kind !== "space");
  const out: string[] = [];
  let depth = 0;
  for (let i = 0; i < own.length; i++) {
    const token = own[i]!;
    const before = own[i - 1];
    const after = own[i + 1];
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    const qualified = after?.text === "." && own[i + 2] ? QUALIFIED[`${token.value}.${own[i + 2]!.value}`] : undefined;
    if (token.kind === "parameter") throw notCarried(`the parameter :${token.value} without a value`);
    if (qualified && before?.text !== ".") {
      out.push(qualified);
      i += 2;
    } else if (token.kind === "word" && before?.text !== ".") out.push(word(token, before, after, depth, user));
    else if (token.kind === "string") out.push(quoteString(token.value));
    else if (token.kind === "name") out.push(quoteName(token.value));
    else out.push(token.kind === "word" ? token.value : token.text);
    if (token.kind === "word" && token.value === "version" && after?.text === "(" && own[i + 2]?.text === ")") {
      out[out.length - 1] = labelled(quoteString(VERSION), "version", before, own[i + 3], depth);
      i += 2;
    }
  }
  return out.join(" ");
}

function word(token: Token, before: Token | undefined, after: Token | undefined, depth: number, user: string): string {
  const pseudo = PSEUDO_FUNCTIONS[token.value];
  if (pseudo && after?.text !== "." && after?.text !== "(" && !isWord(before, "as")) {
    return labelled(pseudo(user), token.value, before, after, depth);
  }
  if (token.value === "float" && after?.text !== "(" && (before?.text === "::" || isWord(before, "as")))
    return "float8";
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
