import { Token } from "cdktf";
import type { Construct } from "constructs";
import type { CopyOptions } from "../../lambda-src/copy/options";
import { problemsOf } from "../../lambda-src/copy/problems";
import { render } from "../../lambda-src/copy/render";
import { readOptions } from "../../lambda-src/copy/text";
import { ConfigError } from "../support/check";

/** Parts of the COPY command that Firehose writes as text: what is checked here would otherwise run as SQL. */

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,126}$/;
const IDENTIFIER_RULE = "letters, digits, _ and $, no digit or $ first, at most 127 characters";

/** `table` or `schema.table`, unquoted: Firehose puts it into the command as it is. */
export function checkTable(scope: Construct, table: string): string {
  if (Token.isUnresolved(table)) return table;
  const parts = table.split(".");
  if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part))) {
    throw new ConfigError(
      scope,
      `table must be a table or schema.table (${IDENTIFIER_RULE}), got ${JSON.stringify(table)}`,
    );
  }
  return table;
}

/** The columns in the order of a line's fields, as Firehose takes them. */
export function checkColumns(scope: Construct, columns: readonly string[]): string {
  if (columns.length === 0) throw new ConfigError(scope, "columns must name at least one column, got an empty list");
  const seen = new Set<string>();
  for (const column of columns) {
    if (Token.isUnresolved(column)) continue;
    if (!IDENTIFIER.test(column)) {
      throw new ConfigError(scope, `columns must be names (${IDENTIFIER_RULE}), got ${JSON.stringify(column)}`);
    }
    // Redshift folds unquoted names.
    if (seen.has(column.toLowerCase())) throw new ConfigError(scope, `columns names ${column} twice`);
    seen.add(column.toLowerCase());
  }
  return columns.join(",");
}

/** Options of COPY, as data or as text, that agree with each other, with the columns and with the files' compression. */
export function checkCopyOptions(
  scope: Construct,
  options: CopyOptions | string,
  compression: "GZIP" | "UNCOMPRESSED",
  columns: readonly string[],
): string {
  return typeof options === "string"
    ? checkText(scope, options, compression)
    : checkTyped(scope, options, compression, columns);
}

function checkTyped(
  scope: Construct,
  given: CopyOptions,
  compression: "GZIP" | "UNCOMPRESSED",
  columns: readonly string[],
): string {
  // What the files are is said once, by `compression`; options that say nothing follow it.
  const options: CopyOptions =
    compression === "GZIP" && given.compression === undefined ? { ...given, compression: "gzip" } : given;
  const problems = problemsOf(
    options,
    columns.filter((column) => !Token.isUnresolved(column)),
  );
  if (problems.length > 0) throw new ConfigError(scope, `copyOptions: ${problems.join("; ")}`);
  const said = options.compression?.toUpperCase() ?? "UNCOMPRESSED";
  if (said !== compression) throw new ConfigError(scope, contradiction(JSON.stringify(given), said, compression));
  return render(options);
}

function checkText(scope: Construct, options: string, compression: "GZIP" | "UNCOMPRESSED"): string {
  if (Token.isUnresolved(options)) return options;
  if (options.length > 10_240) {
    throw new ConfigError(scope, `copyOptions must be at most 10240 characters, got ${options.length}`);
  }
  const { problems, compression: said = "UNCOMPRESSED" } = readOptions(options);
  const [problem] = problems;
  if (problem !== undefined) throw new ConfigError(scope, `copyOptions ${problem}, got ${JSON.stringify(options)}`);
  if (said !== compression) throw new ConfigError(scope, contradiction(JSON.stringify(options), said, compression));
  return options;
}

function contradiction(options: string, said: string, compression: string): string {
  const remedy = compression === "GZIP" ? "add GZIP to the options" : `leave ${said} out or set compression to GZIP`;
  return `copyOptions ${options} contradict compression ${compression}: ${remedy}`;
}
