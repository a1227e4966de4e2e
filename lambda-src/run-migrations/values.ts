import { identifier, literal } from "../data-api/quote";
import { RunError } from "./errors";

/** Values of the stack that migrations name: `:'name'` becomes a string literal, `:"name"` an identifier, as psql writes them. */
export type Values = Readonly<Record<string, string>>;

export const VALUE_NAME = /^[a-z][a-z0-9_]*$/;

const REFERENCE = /(?<!:):(?:'([a-z][a-z0-9_]*)'|"([a-z][a-z0-9_]*)")/g;

/** Names of the values that a text asks for. */
export function namesIn(sql: string): readonly string[] {
  return [...new Set([...sql.matchAll(REFERENCE)].map(([, asText, asName]) => (asText ?? asName)!))];
}

/**
 * A statement with its values. Without any value at all a text stays as it is, so that what looks like a reference (JSON in a string) is none.
 *
 * @throws RunError for a name that has no value
 */
export function withValues(file: string, sql: string, values: Values): string {
  if (Object.keys(values).length === 0) return sql;
  return sql.replace(REFERENCE, (written, asText?: string, asName?: string) => {
    const value = values[(asText ?? asName)!];
    if (value === undefined) {
      throw new RunError(`${file}: there is no value for ${written}; there are ${Object.keys(values).join(", ")}`);
    }
    return asText === undefined ? identifier(value) : literal(value);
  });
}
