import { notCarried, SqlError } from "../errors";
import type { Token } from "./tokens";

/** Names of date parts, by https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  millennium: ["millennium", "millennia", "mil", "mils"],
  century: ["century", "centuries", "c", "cent", "cents"],
  decade: ["decade", "decades", "dec", "decs"],
  epoch: ["epoch"],
  year: ["year", "years", "y", "yr", "yrs"],
  quarter: ["quarter", "quarters", "qtr", "qtrs"],
  month: ["month", "months", "mon", "mons"],
  week: ["week", "weeks", "w"],
  dow: ["dayofweek", "dow", "dw", "weekday"],
  doy: ["dayofyear", "doy", "dy", "yearday"],
  day: ["day", "days", "d"],
  hour: ["hour", "hours", "h", "hr", "hrs"],
  minute: ["minute", "minutes", "m", "min", "mins"],
  second: ["second", "seconds", "s", "sec", "secs"],
  millisecond: [
    "millisecond",
    "milliseconds",
    "ms",
    "msec",
    "msecs",
    "msecond",
    "mseconds",
    "millisec",
    "millisecs",
    "millisecon",
  ],
  microsecond: [
    "microsecond",
    "microseconds",
    "microsec",
    "microsecs",
    "microsecond",
    "usecond",
    "useconds",
    "us",
    "usec",
    "usecs",
  ],
};

const BY_NAME = new Map(Object.entries(PARTS).flatMap(([part, names]) => names.map((name) => [name, part] as const)));

/** The engine's name of a part, written as a word or as a string. */
export function datePart(tokens: readonly Token[]): string {
  const [token, more] = tokens;
  if (!token || more || !["word", "name", "string"].includes(token.kind))
    throw notCarried("a date part that is an expression");
  const part = BY_NAME.get(token.value.toLowerCase());
  if (!part) throw new SqlError(`invalid date part "${token.value}"`, "22023");
  return part;
}

/** Makes an interval of a number of parts. */
export const TO_INTERVAL: Readonly<Record<string, string>> = {
  millennium: "to_millennia",
  century: "to_centuries",
  decade: "to_decades",
  year: "to_years",
  quarter: "to_quarters",
  month: "to_months",
  week: "to_weeks",
  day: "to_days",
  hour: "to_hours",
  minute: "to_minutes",
  second: "to_seconds",
  millisecond: "to_milliseconds",
  microsecond: "to_microseconds",
};
