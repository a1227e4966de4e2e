import type {
  FirehoseTransformationEvent,
  FirehoseTransformationResult,
  FirehoseTransformationResultRecord,
} from "aws-lambda";
import { addExtra2 } from "./transform";

/**
 * Firehose edge: every recordId that comes in goes out once, in order. A failed record goes back as it came, so that Firehose
 * keeps it byte for byte under the error prefix; the log has the reasons and how often, never the data.
 *
 * The answer grows by at most 48 characters a record against the request, which Firehose keeps under Lambda's 6 MB.
 */
export const handler = async (event: FirehoseTransformationEvent): Promise<FirehoseTransformationResult> => {
  const failures: Record<string, number> = {};
  const records = event.records.map(({ recordId, data }): FirehoseTransformationResultRecord => {
    const outcome = addExtra2(data);
    if (outcome.kind === "ok") return { recordId, result: "Ok", data: outcome.data };
    failures[outcome.reason] = (failures[outcome.reason] ?? 0) + 1;
    return { recordId, result: "ProcessingFailed", data };
  });
  if (Object.keys(failures).length > 0) {
    console.warn({ message: "records failed", invocationId: event.invocationId, records: records.length, failures });
  }
  return { records };
};
