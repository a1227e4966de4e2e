import { clausesOf } from "./clauses";
import { conflictsOf } from "./conflicts";
import { COPY_COMPRESSIONS, COPY_FORMATS, type CopyOptions } from "./options";

/**
 * What is wrong with the options, a line each: two that exclude each other are both named. Empty when a COPY can take them.
 *
 * @param columns the COPY's column list, in its order; left out when it has none
 * @param tableColumns every column of the table, to find a listed one that is not there
 */
export function problemsOf(
  options: CopyOptions,
  columns?: readonly string[],
  tableColumns?: readonly string[],
): string[] {
  const kinds = kindProblems(options);
  // With a format that is none, every other message would be about something else.
  if (kinds.length > 0) return kinds;
  return [
    ...conflictsOf(clausesOf(options).map(({ word }) => word)),
    ...(options.jsonpaths !== undefined && options.ignoreCase === true
      ? [
          "JSONPATHS and IGNORECASE exclude each other: the expressions of a JSONPaths file are taken as they stand; leave one out",
        ]
      : []),
    ...valueProblems(options),
    ...columnProblems(columns, tableColumns),
  ];
}

function kindProblems({ format, compression }: CopyOptions): string[] {
  const problems: string[] = [];
  if (!COPY_FORMATS.includes(format)) {
    problems.push(`format must be one of ${COPY_FORMATS.join(", ")}, got ${JSON.stringify(format)}`);
  }
  if (compression !== undefined && !COPY_COMPRESSIONS.includes(compression)) {
    problems.push(`compression must be one of ${COPY_COMPRESSIONS.join(", ")}, got ${JSON.stringify(compression)}`);
  }
  return problems;
}

const PRINTABLE = /^[\x20-\x7e]+$/;
/** The literal is read by Redshift, where a backslash is an escape; of the others only TAB has a form of its own. */
const isPlain = (text: string) => !/[\\\p{Cc}]/u.test(text.replaceAll("\t", ""));

function valueProblems(options: CopyOptions): string[] {
  const { jsonpaths, delimiter, quote, nullAs, ignoreHeader, maxError, acceptInvChars } = options;
  const problems: string[] = [];
  const check = (name: string, value: string | number | undefined, right: boolean, rule: string) => {
    if (value !== undefined && !right) problems.push(`${name} must be ${rule}, got ${JSON.stringify(value)}`);
  };
  check("jsonpaths", jsonpaths, /^s3:\/\/[a-z0-9][a-z0-9.-]+\/[^\\]+$/.test(jsonpaths ?? ""), "s3://BUCKET/KEY");
  const separator = delimiter ?? "";
  check(
    "delimiter",
    delimiter,
    separator !== "" && isPlain(separator),
    "one character or more, without backslash and without control characters but TAB",
  );
  check("quote", quote, [...(quote ?? "")].length === 1 && isPlain(quote ?? ""), "one character, not a backslash");
  check("nullAs", nullAs, isPlain(nullAs ?? ""), "text without backslash and without control characters but TAB");
  check("acceptInvChars", acceptInvChars, /^[ -[\]-~]$/.test(acceptInvChars ?? ""), "one ASCII character");
  check("ignoreHeader", ignoreHeader, whole(ignoreHeader, Number.MAX_SAFE_INTEGER), "a whole number of at least 0");
  check("maxError", maxError, whole(maxError, 100_000), "a whole number between 0 and 100000");
  for (const name of ["dateFormat", "timeFormat"] as const) {
    const pattern = options[name];
    check(name, pattern, PRINTABLE.test(pattern ?? "") && !/[\\;]/.test(pattern ?? ""), "a pattern such as auto");
  }
  if (quote !== undefined && quote === (delimiter ?? ",")) {
    problems.push(`QUOTE and DELIMITER are both ${JSON.stringify(quote)}: a field could not be told from the next`);
  }
  return problems;
}

const whole = (value: number | undefined, most: number) =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0 && value <= most;

/** Redshift folds unquoted names, so they are compared in lower case. */
function columnProblems(columns?: readonly string[], tableColumns?: readonly string[]): string[] {
  if (!columns) return [];
  if (columns.length === 0) return ["columns must name at least one column, got an empty list"];
  const seen = new Set<string>();
  const known = tableColumns && new Set(tableColumns.map((column) => column.toLowerCase()));
  const problems: string[] = [];
  for (const column of columns) {
    const folded = column.toLowerCase();
    if (seen.has(folded)) problems.push(`columns names ${column} twice`);
    seen.add(folded);
    if (known && !known.has(folded)) {
      problems.push(`columns names ${column}, which the table does not have: ${tableColumns!.join(", ")}`);
    }
  }
  return problems;
}
