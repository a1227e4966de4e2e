import { notCarried } from "../errors";
import { quoteString } from "./tokens";

/**
 * Format strings of TO_CHAR, TO_DATE and TO_TIMESTAMP, by
 * https://docs.aws.amazon.com/redshift/latest/dg/r_FORMAT_strings.html. What has no exact counterpart in the engine is refused.
 */

/** Parts that print and read as one code of the engine's strftime and strptime. */
const CODES: Readonly<Record<string, string>> = {
  YYYY: "%Y",
  YY: "%y",
  MM: "%m",
  Mon: "%b",
  Month: "%B",
  DDD: "%j",
  DD: "%d",
  Dy: "%a",
  Day: "%A",
  HH24: "%H",
  HH12: "%I",
  HH: "%I",
  MI: "%M",
  SS: "%S",
  MS: "%g",
  US: "%f",
  AM: "%p",
  PM: "%p",
  IYYY: "%G",
  IW: "%V",
};

/** Parts that print only: an expression over the moment `m`. Names of months and days are padded to nine characters, as Redshift pads them. */
const PRINTED: Readonly<Record<string, (m: string) => string>> = {
  MON: (m) => `upper(strftime(${m}, '%b'))`,
  mon: (m) => `lower(strftime(${m}, '%b'))`,
  DY: (m) => `upper(strftime(${m}, '%a'))`,
  dy: (m) => `lower(strftime(${m}, '%a'))`,
  Month: (m) => `rpad(strftime(${m}, '%B'), 9, ' ')`,
  MONTH: (m) => `rpad(upper(strftime(${m}, '%B')), 9, ' ')`,
  month: (m) => `rpad(lower(strftime(${m}, '%B')), 9, ' ')`,
  Day: (m) => `rpad(strftime(${m}, '%A'), 9, ' ')`,
  DAY: (m) => `rpad(upper(strftime(${m}, '%A')), 9, ' ')`,
  day: (m) => `rpad(lower(strftime(${m}, '%A')), 9, ' ')`,
  Q: (m) => `CAST(quarter(${m}) AS VARCHAR)`,
  D: (m) => `CAST(dayofweek(${m}) + 1 AS VARCHAR)`,
  ID: (m) => `CAST(isodow(${m}) AS VARCHAR)`,
};

const PIECE =
  /"[^"]*"|YYYY|IYYY|YY|MONTH|MON|MM|MI|MS|DDD|DD|DY|DAY|HH24|HH12|HH|SS|US|AM|PM|IW|ID|D|Q|[A-Z0-9]+|[^A-Z0-9"]+/gi;
/** Parts of digits mean the same in either case. */
const CASELESS = /^(?:yyyy|iyyy|yy|mm|mi|ms|ddd|dd|hh24|hh12|hh|ss|us|iw|id|d|q)$/i;

function partsOf(format: string): string[] {
  return (format.match(PIECE) ?? []).map((part) => (CASELESS.test(part) ? part.toUpperCase() : part));
}

/** SQL text that prints `moment` by a format. */
export function printMoment(moment: string, format: string): string {
  const m = `CAST(${moment} AS TIMESTAMP)`;
  const pieces: string[] = [];
  for (const part of partsOf(format)) {
    const printed = PRINTED[part];
    const code = CODES[part];
    if (printed) pieces.push(printed(m));
    else if (code) pieces.push(`strftime(${m}, '${code}')`);
    else pieces.push(quoteString(literal(part, format, "TO_CHAR")));
  }
  return pieces.length === 0 ? "''" : `(${pieces.join(" || ")})`;
}

/** The engine's format for reading. */
export function readingFormat(format: string, what: string): string {
  return partsOf(format)
    .map((part) => {
      const code =
        CODES[part] ??
        { MON: "%b", mon: "%b", MONTH: "%B", month: "%B", DAY: "%A", day: "%A", DY: "%a", dy: "%a" }[part];
      return code ?? literal(part, format, what).replaceAll("%", "%%");
    })
    .join("");
}

function literal(part: string, format: string, what: string): string {
  if (part.startsWith('"')) return part.slice(1, -1);
  if (/[A-Za-z0-9]/.test(part) && part !== "T") throw notCarried(`'${part}' in the format '${format}' of ${what}`);
  return part;
}
