import { hourOf, hourOfKey } from "../load/object";
import type { LoadTable } from "../load/table";
import type { ReplayRequest } from "./event";
import { ReplayRefused } from "./refused";

const HOUR = 3_600_000;
/** Hours of one replay: a leap year's. The state machine's input has to hold them. */
const MOST_HOURS = 366 * 24;

export interface Span {
  /** Milliseconds since 1970, whole hours; `to` is not included. */
  readonly from: number;
  readonly to: number;
}

/** @throws ReplayRefused that says what is wrong with the request */
export function readSpan({ from, to }: Pick<ReplayRequest, "from" | "to">): Span {
  const span = { from: readHour("from", from), to: readHour("to", to) };
  if (span.to <= span.from)
    throw new ReplayRefused(`to must be later than from; it is not included. Got ${from} to ${to}`);
  const hours = (span.to - span.from) / HOUR;
  if (hours > MOST_HOURS)
    throw new ReplayRefused(`a replay takes at most ${MOST_HOURS} hours, got ${hours}; replay a year at a time`);
  return span;
}

function readHour(name: string, text: unknown): number {
  const rule = `${name} must be a whole hour in UTC such as 2026-11-21T08, got ${JSON.stringify(text)}`;
  if (typeof text !== "string") throw new ReplayRefused(rule);
  const [, start, rest] = /^(\d{4}-\d{2}-\d{2}(?:T\d{2})?)(?::00(?::00(?:\.0+)?)?Z?)?$/.exec(text) ?? [];
  const hour = start && (start.includes("T") ? start : rest === undefined ? `${start}T00` : undefined);
  const at = new Date(`${hour}:00:00Z`);
  if (!hour || Number.isNaN(at.getTime()) || hourOf(at) !== hour) throw new ReplayRefused(rule);
  return at.getTime();
}

/** The hour of an object, as the loader saw it. */
export const hourOfListed = (key: string, modified: Date): string => hourOfKey(key) ?? hourOf(modified);

export const isWithin = (hour: string, { from, to }: Span): boolean => {
  const at = Date.parse(`${hour}:00:00Z`);
  return at >= from && at < to;
};

export const spanOf = (hour: string): Span => {
  const from = Date.parse(`${hour}:00:00Z`);
  return { from, to: from + HOUR };
};

/** What to list to find every object of the span: the hour's or the days' prefixes where keys are sure to have them, else all of the table. */
export function prefixesOf({ name, datedKeys }: LoadTable, span: Span): readonly string[] {
  if (!datedKeys) return [`${name}/`];
  if (span.to - span.from === HOUR) {
    const [year, month, day, hour] = hourOf(new Date(span.from)).split(/[-T]/);
    return [`${name}/${year}/${month}/${day}/${hour}/`, `${name}/year=${year}/month=${month}/day=${day}/hour=${hour}/`];
  }
  const prefixes: string[] = [];
  const first = Math.floor(span.from / (24 * HOUR)) * 24 * HOUR;
  for (let at = first; at < span.to; at += 24 * HOUR) {
    const [year, month, day] = new Date(at).toISOString().slice(0, 10).split("-");
    prefixes.push(`${name}/${year}/${month}/${day}/`, `${name}/year=${year}/month=${month}/day=${day}/`);
  }
  return prefixes;
}
