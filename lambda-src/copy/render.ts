import { type Clause, clausesOf } from "./clauses";
import type { CopyOptions } from "./options";
import { problemsOf } from "./problems";

/**
 * The options as they stand in a COPY, such as `json 'auto' TRUNCATECOLUMNS`. The only way by which they enter SQL text.
 *
 * Throws a RangeError for options that `problemsOf` finds fault with: a caller asks it first, where a person reads the answer.
 */
export function render(options: CopyOptions): string {
  const problems = problemsOf(options);
  if (problems.length > 0) throw new RangeError(`options of COPY: ${problems.join("; ")}`);
  return clausesOf(options).map(written).join(" ");
}

function written({ word, value }: Clause): string {
  // Lower case as AWS's own examples for Firehose have it; Redshift takes either.
  const name = word === "JSON" ? "json" : word;
  if (value === undefined) return name;
  return `${name} ${typeof value === "number" ? value : literal(value)}`;
}

/** Redshift reads backslash escapes in a literal: TAB has one, and text that holds a backslash has been refused. */
const literal = (text: string) => `'${text.replaceAll("'", "''").replaceAll("\t", "\\t")}'`;
