/**
 * Which words of a COPY exclude each other: one table for options given as data and for options given as text.
 *
 * https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html, copy-parameters-data-conversion.html,
 * copy-usage_notes-copy-from-columnar.html.
 */

const FORMATS = ["CSV", "JSON", "FIXEDWIDTH", "AVRO", "PARQUET", "ORC", "SHAPEFILE"];
const COMPRESSIONS = ["GZIP", "ZSTD", "BZIP2", "LZOP"];

/** What a format does not go with, and why. */
const AGAINST: readonly {
  readonly formats: readonly string[];
  readonly words: readonly string[];
  readonly because: string;
}[] = [
  {
    formats: ["CSV", "FIXEDWIDTH", "PARQUET", "ORC", "SHAPEFILE"],
    words: ["JSONPATHS", "IGNORECASE"],
    because: "fields are found by name in JSON and AVRO only",
  },
  {
    formats: ["JSON", "AVRO"],
    words: [
      "DELIMITER",
      "QUOTE",
      "ESCAPE",
      "REMOVEQUOTES",
      "NULL AS",
      "FILLRECORD",
      "IGNOREBLANKLINES",
      "READRATIO",
      "SERIALIZETOJSON",
    ],
    because: "a document has fields by name, not a line with separators",
  },
  { formats: ["CSV"], words: ["ESCAPE", "REMOVEQUOTES"], because: "CSV has its own rules for quotes" },
  { formats: ["CSV"], words: ["SERIALIZETOJSON"], because: "it is for nested columns of PARQUET and ORC" },
  { formats: ["FIXEDWIDTH"], words: ["DELIMITER", "QUOTE"], because: "fields of fixed width have no separators" },
  {
    formats: ["PARQUET", "ORC"],
    words: [
      "DELIMITER",
      "QUOTE",
      "ESCAPE",
      "REMOVEQUOTES",
      "NULL AS",
      "IGNOREHEADER",
      "IGNOREBLANKLINES",
      "TRUNCATECOLUMNS",
      "BLANKSASNULL",
      "EMPTYASNULL",
      "TRIMBLANKS",
      "DATEFORMAT",
      "TIMEFORMAT",
      "ACCEPTANYDATE",
    ],
    because: "a columnar file has typed columns, not lines of text",
  },
  {
    formats: ["PARQUET", "ORC"],
    words: ["MAXERROR"],
    because: "a COPY of columnar files fails at the first error",
  },
  { formats: ["PARQUET", "ORC"], words: COMPRESSIONS, because: "a columnar file is compressed inside" },
];

/** Words that need a format which is not there; the plain delimited format has no word of its own. */
const NEEDS: readonly { readonly word: string; readonly formats: readonly string[]; readonly because: string }[] = [
  { word: "QUOTE", formats: ["CSV"], because: "QUOTE is CSV's; REMOVEQUOTES is for delimited text" },
  { word: "JSONPATHS", formats: ["JSON", "AVRO"], because: "fields are found by name in JSON and AVRO only" },
  { word: "IGNORECASE", formats: ["JSON", "AVRO"], because: "fields are found by name in JSON and AVRO only" },
  { word: "SERIALIZETOJSON", formats: ["PARQUET", "ORC"], because: "it is for nested columns of PARQUET and ORC" },
];

/** One line for each two of `words` (in capitals) that exclude each other; it names both and says why. */
export function conflictsOf(words: readonly string[]): string[] {
  const has = (word: string) => words.includes(word);
  const formats = FORMATS.filter(has);
  const conflicts = [
    ...pairs(formats).map((two) => sentence(two, "a COPY has one format")),
    ...pairs(COMPRESSIONS.filter(has)).map((two) => sentence(two, "files have one compression")),
  ];
  for (const { formats: of, words: against, because } of AGAINST) {
    for (const format of formats.filter((one) => of.includes(one))) {
      for (const word of against.filter(has)) conflicts.push(sentence([format, word], because));
    }
  }
  if (formats.length > 0) return conflicts;
  return [
    ...conflicts,
    ...NEEDS.filter(({ word }) => has(word)).map(({ word, because }) => sentence(["delimited text", word], because)),
  ];
}

/** Compressions among `words`. */
export const compressionsIn = (words: readonly string[]): string[] =>
  COMPRESSIONS.filter((word) => words.includes(word));

function sentence([one, other]: readonly [string, string], because: string): string {
  return `${one} and ${other} exclude each other: ${because}; leave one out`;
}

function pairs(words: readonly string[]): (readonly [string, string])[] {
  return words.flatMap((one, at) => words.slice(at + 1).map((other) => [one, other] as const));
}
