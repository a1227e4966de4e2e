import type { Answer } from "./connections";

/** What one request came to, for the records in it. */
export type Outcome =
  | { readonly kind: "accepted" }
  /** `failed`: places of the records that were not taken, in order. */
  | { readonly kind: "part"; readonly failed: readonly number[]; readonly reason: string }
  | { readonly kind: "refused"; readonly status: number; readonly text: string }
  | { readonly kind: "again"; readonly mayBeTaken: boolean; readonly reason: string; readonly retryAfter?: string };

export const again = (mayBeTaken: boolean, reason: string, retryAfter?: string): Outcome => ({
  kind: "again",
  mayBeTaken,
  reason,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

/** Reads the answer to a request of `records` records. */
export function readOutcome({ status, retryAfter, text }: Answer, records: number): Outcome {
  if (status === 207) return readPart(text, records);
  if (status >= 200 && status < 300) return { kind: "accepted" };
  if (status === 429) return again(false, "throttled (429)", retryAfter);
  if (status >= 500) return again(true, `answered with ${status}: ${text}`, retryAfter);
  return { kind: "refused", status, text };
}

/** A 207 has one result a record, in the order of the request. One that cannot be read leaves open which were taken. */
function readPart(text: string, records: number): Outcome {
  let results: unknown;
  try {
    results = Object(JSON.parse(text)).RequestResponses;
  } catch {
    // Said below, as of any other text without the results.
  }
  if (!Array.isArray(results) || results.length !== records) {
    return again(true, `answered with 207 and not with ${records} results: ${text.slice(0, 200)}`);
  }
  const codes = results.map((result) => Object(result).ErrorCode as unknown);
  const failed = codes.flatMap((code, place) => (code === undefined ? [] : [place]));
  if (failed.length === 0) return { kind: "accepted" };
  return {
    kind: "part",
    failed,
    reason: `${failed.length} of ${records} records of a batch were not taken: ${codes[failed[0]!]}`,
  };
}
