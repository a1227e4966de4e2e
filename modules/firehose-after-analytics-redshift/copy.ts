import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

/** Parts of the COPY command that Firehose writes as text: what is checked here would otherwise run as SQL. */

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,126}$/;
const IDENTIFIER_RULE = "letters, digits, _ and $, no digit or $ first, at most 127 characters";

/** Options that say how the files are compressed; they must say what Firehose does. */
const COMPRESSIONS = ["GZIP", "BZIP2", "LZOP", "ZSTD"];

/** Formats of the files; a COPY has one. */
const FORMATS = ["CSV", "JSON", "FIXEDWIDTH", "AVRO", "PARQUET", "ORC", "SHAPEFILE"];

/** Words of the command that Firehose writes itself; a second one fails every load. */
const OURS = ["MANIFEST", "CREDENTIALS", "IAM_ROLE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "FROM"];

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

/** Options of COPY that agree with the files' compression. */
export function checkCopyOptions(scope: Construct, options: string, compression: "GZIP" | "UNCOMPRESSED"): string {
  if (Token.isUnresolved(options)) return options;
  if (options.length > 10_240) {
    throw new ConfigError(scope, `copyOptions must be at most 10240 characters, got ${options.length}`);
  }
  // A semicolon outside quotes would end the command; what stands in quotes (a delimiter) is data.
  const bare = options.replace(/'(?:[^']|'')*'/g, "''");
  if (/[;"]|--|\/\*/.test(bare) || (bare.match(/'/g) ?? []).length % 2 !== 0) {
    throw new ConfigError(
      scope,
      `copyOptions must be options of one COPY, without ; comments or open quotes, got ${JSON.stringify(options)}`,
    );
  }
  const words = bare.toUpperCase().split(/[^A-Z0-9_]+/);
  for (const word of OURS.filter((own) => words.includes(own))) {
    throw new ConfigError(
      scope,
      `copyOptions must not hold ${word}, which Firehose writes itself, got ${JSON.stringify(options)}`,
    );
  }
  const formats = FORMATS.filter((format) => words.includes(format));
  if (formats.length > 1) {
    throw new ConfigError(
      scope,
      `copyOptions must name one format, got ${formats.join(" and ")} in ${JSON.stringify(options)}; leave one out`,
    );
  }
  const said = COMPRESSIONS.find((word) => words.includes(word)) ?? "UNCOMPRESSED";
  if (said !== compression) {
    throw new ConfigError(
      scope,
      `copyOptions ${JSON.stringify(options)} contradict compression ${compression}: ` +
        (compression === "GZIP" ? "add GZIP to the options" : `leave ${said} out or set compression to GZIP`),
    );
  }
  return options;
}
