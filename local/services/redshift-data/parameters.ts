import { tokenize } from "../../warehouse";
import { invalid, type SqlParameter } from "./input";

/**
 * Puts values for `:name` in each statement, as quoted text: the engine casts it to what stands on the other side, as Redshift does.
 * A colon in a string, a comment or a cast is no parameter.
 *
 * @throws AwsError when a name has no value, or a value is used by no statement
 */
export function bind(statements: readonly string[], parameters: readonly SqlParameter[]): string[] {
  const values = new Map(parameters.map(({ name, value }) => [name, value]));
  const used = new Set<string>();
  const missing = new Set<string>();
  const bound = statements.map((sql) => {
    if (!sql.includes(":")) return sql;
    return tokenize(sql)
      .map((token) => {
        if (token.kind !== "parameter") return token.text;
        const value = values.get(token.value);
        if (value === undefined) missing.add(token.value);
        used.add(token.value);
        return `'${(value ?? "").replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
      })
      .join("");
  });
  if (missing.size > 0) throw invalid(`Parameters list does not contain values for: [${[...missing].join(", ")}]`);
  const unused = parameters.map(({ name }) => name).filter((name) => !used.has(name));
  if (unused.length > 0)
    throw invalid(`Parameters list contains unused parameters. Unused parameters: [${unused.join(", ")}]`);
  return bound;
}
