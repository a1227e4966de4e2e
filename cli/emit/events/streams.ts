/** The event streams of `event-monitor`, by the names that people type. */
export const STREAMS = {
  user: { output: "user_stream", keyField: "cookie_id" },
  utm: { output: "utm_stream", keyField: "request_id" },
} as const;

export type EventStream = keyof typeof STREAMS;

/** Field by which a stream's events keep their order: a visitor's, and a request's. */
export const keyFieldOf = (stream: EventStream): string => STREAMS[stream].keyField;
