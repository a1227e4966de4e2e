import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

/** Literals, quoted names, words, and every other character by itself. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_]\w*|[\s\S]/g;

/**
 * The plain SELECT as the SQL runtime runs it: SELECT STREAM, on the in-application stream instead of the table, and with the columns' names
 * in quotes, because that runtime reads a name without quotes as upper case and the input's columns are lower case.
 */
export function streamSelect(
  scope: Construct,
  select: string,
  props: { readonly stream: string; readonly columns: readonly string[]; readonly nested: readonly string[] },
): string {
  let last = "";
  let froms = 0;
  const tokens = (select.match(TOKENS) ?? []).map((token) => {
    if (!/^[A-Za-z_]/.test(token)) return token;
    const before = last;
    last = token.toUpperCase();
    if (props.nested.includes(token)) {
      throw new ConfigError(
        scope,
        `select names ${token}, a record inside of the record, which engine sql has no name for`,
      );
    }
    if (before === "FROM") return `"${props.stream}"`;
    if (last === "FROM") froms += 1;
    if (last === "SELECT") return `${token} STREAM`;
    return props.columns.includes(token) ? `"${token}"` : token;
  });
  if (froms !== 1) throw new ConfigError(scope, `select must read one table for engine sql, got ${froms} FROM`);
  return tokens.join("");
}
