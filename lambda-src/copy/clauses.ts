import type { CopyOptions } from "./options";

/** One option as it stands in the command: `DELIMITER` with its literal, or a word alone. */
export interface Clause {
  /** In capitals, as AWS's pages name the option. */
  readonly word: string;
  /** Behind the word: a number, or text that is to be quoted. */
  readonly value?: string | number;
}

/** The options in the order in which they are written: format, what belongs to it, compression, conversions, limits. */
export function clausesOf(options: CopyOptions): readonly Clause[] {
  const { format, ignoreCase } = options;
  const fieldsByName = ignoreCase === true ? "auto ignorecase" : "auto";
  const withPaths = format === "json" || format === "avro";
  const clauses: (Clause | undefined)[] = [
    format === "delimited"
      ? undefined
      : { word: format.toUpperCase(), ...(withPaths ? { value: options.jsonpaths ?? fieldsByName } : {}) },
    // Kept apart from the format, so that a check sees it where it has no place.
    !withPaths && options.jsonpaths !== undefined ? { word: "JSONPATHS", value: options.jsonpaths } : undefined,
    !withPaths && ignoreCase === true ? { word: "IGNORECASE" } : undefined,
    given("DELIMITER", options.delimiter),
    given("QUOTE", options.quote),
    flag("ESCAPE", options.escape),
    flag("REMOVEQUOTES", options.removeQuotes),
    options.compression === undefined ? undefined : { word: options.compression.toUpperCase() },
    flag("TRUNCATECOLUMNS", options.truncateColumns),
    flag("BLANKSASNULL", options.blanksAsNull),
    flag("EMPTYASNULL", options.emptyAsNull),
    given("NULL AS", options.nullAs),
    given("IGNOREHEADER", options.ignoreHeader),
    flag("IGNOREBLANKLINES", options.ignoreBlankLines),
    flag("FILLRECORD", options.fillRecord),
    flag("TRIMBLANKS", options.trimBlanks),
    given("DATEFORMAT", options.dateFormat),
    given("TIMEFORMAT", options.timeFormat),
    flag("ACCEPTANYDATE", options.acceptAnyDate),
    given("ACCEPTINVCHARS", options.acceptInvChars),
    given("MAXERROR", options.maxError),
    flag("SERIALIZETOJSON", options.serializeToJson),
  ];
  return clauses.filter((clause) => clause !== undefined);
}

function flag(word: string, on: boolean | undefined): Clause | undefined {
  return on === true ? { word } : undefined;
}

function given(word: string, value: string | number | undefined): Clause | undefined {
  return value === undefined ? undefined : { word, value };
}
