import { USER_EVENT, UTM_EVENT } from "../lambda-src/events/tracking";
import type { LoadTable } from "../modules/s3-loader";

/** Tables of sql/events, by the stream that fills each. */
export const EVENT_TABLES = { user: "events", utm: "utm" } as const;
export type EventStream = keyof typeof EVENT_TABLES;

/** Columns of each stream's table that an event fills. */
export const EVENT_COLUMNS = { user: USER_EVENT, utm: UTM_EVENT } as const;

/** What the article found after "Delimiter not found": fields by name, text cut to its column, nothing as NULL. */
export const COPY_OPTIONS = { format: "json", truncateColumns: true, blanksAsNull: true, emptyAsNull: true } as const;

/** The tables as a loader fills them: from GZIP, and with the hour that each row's file is of. */
export const EVENT_LOADS: readonly LoadTable[] = (Object.keys(EVENT_TABLES) as EventStream[]).map((stream) => ({
  name: EVENT_TABLES[stream],
  columns: EVENT_COLUMNS[stream],
  copy: { ...COPY_OPTIONS, compression: "gzip" },
  hourColumn: "source_hour",
}));
