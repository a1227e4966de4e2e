import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock";
import { fromBase64 } from "./base64";
import { codeOf, type Functions, messageOf } from "./ports";
import type { Incoming, Piece } from "./records";

/** Lambda's limit of a synchronous invocation, each way: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const PAYLOAD_BYTES = 6 * 1024 * 1024;
const TIMEOUT_SECONDS = 300;

export interface ProcessorConfig {
  /** With its qualifier, as configured. */
  readonly lambdaArn: string;
  readonly retries: number;
}

export interface Failure {
  readonly record: Incoming;
  readonly errorCode: string;
  readonly errorMessage: string;
}

export interface Processed {
  readonly ok: readonly Piece[];
  readonly dropped: number;
  readonly failed: readonly Failure[];
  readonly attempts: number;
}

interface Origin {
  readonly invocationId: string;
  readonly deliveryStreamArn: string;
  readonly sourceKinesisStreamArn?: string;
  readonly region: string;
}

/** The batch could not be processed as a whole. `retry`: the invocation itself failed, so another may not. */
class BatchError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retry: boolean,
  ) {
    super(message);
  }
}

/**
 * Transforms batches of records by a Lambda function.
 * https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html and its pages on the status model and on failures.
 */
export class Processor {
  constructor(
    private readonly config: ProcessorConfig,
    private readonly stream: { readonly arn: string; readonly region: string; readonly sourceArn?: string },
    private readonly functions: Functions,
    private readonly clock: Clock,
    private readonly onRetry: () => void,
  ) {}

  /** Characters that a record takes in the event, for the limit of a payload. */
  static payloadOf(record: Incoming): number {
    const around = record.kinesis ? 420 : 110;
    return (
      Math.ceil(record.data.length / 3) * 4 + record.id.length + around + (record.kinesis?.partitionKey.length ?? 0)
    );
  }

  /** Never throws but when `signal` aborts: every record comes out as ok, dropped or failed. */
  async run(records: readonly Incoming[], signal: AbortSignal): Promise<Processed> {
    const payload = Buffer.from(JSON.stringify(eventOf(records, this.origin())));
    for (let attempt = 1; ; attempt++) {
      try {
        return { ...readAnswer(records, await this.invoke(payload, signal)), attempts: attempt };
      } catch (error) {
        signal.throwIfAborted();
        const { code, message, retry } = asBatchError(error);
        if (!retry || attempt > this.config.retries) {
          const failed = records.map((record) => ({ record, errorCode: code, errorMessage: message }));
          return { ok: [], dropped: 0, failed, attempts: attempt };
        }
        this.onRetry();
        await this.clock.sleep(Math.min(2 ** (attempt - 1), 30), signal);
        signal.throwIfAborted();
      }
    }
  }

  private origin(): Origin {
    return {
      invocationId: randomUUID(),
      deliveryStreamArn: this.stream.arn,
      ...(this.stream.sourceArn ? { sourceKinesisStreamArn: this.stream.sourceArn } : {}),
      region: this.stream.region,
    };
  }

  /** A signal of its own for each call, of which nothing stays behind: `AbortSignal.timeout` would hold each for five minutes. */
  private async withLimit<T>(signal: AbortSignal, call: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const abort = () => limit.abort();
    const timer = setTimeout(abort, TIMEOUT_SECONDS * 1000);
    signal.addEventListener("abort", abort);
    try {
      return await call(limit.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  private async invoke(payload: Buffer, signal: AbortSignal): Promise<Buffer> {
    const answer = await this.withLimit(signal, (limit) =>
      this.functions.invoke(this.config.lambdaArn, payload, limit),
    );
    if (answer.functionError) {
      const said = answer.payload.toString("utf8");
      if (/timed out/i.test(said)) {
        throw new BatchError(
          "Lambda.FunctionTimedOut",
          "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
          true,
        );
      }
      throw new BatchError(
        "Lambda.FunctionError",
        `The Lambda function was successfully invoked but it returned an error result. ${said.slice(0, 500)}`.trimEnd(),
        true,
      );
    }
    if (answer.payload.length > PAYLOAD_BYTES) {
      throw new BatchError(
        "Lambda.FunctionError",
        `Response payload size (${answer.payload.length} bytes) exceeded maximum allowed payload size (${PAYLOAD_BYTES} bytes).`,
        true,
      );
    }
    return answer.payload;
  }
}

function eventOf(records: readonly Incoming[], origin: Origin): unknown {
  return {
    ...origin,
    records: records.map(({ id, data, arrivedAt, kinesis }) => ({
      recordId: id,
      approximateArrivalTimestamp: arrivedAt,
      data: data.toString("base64"),
      ...(kinesis
        ? {
            kinesisRecordMetadata: {
              sequenceNumber: kinesis.sequenceNumber,
              subsequenceNumber: 0,
              partitionKey: kinesis.partitionKey,
              shardId: kinesis.shardId,
              approximateArrivalTimestamp: arrivedAt,
            },
          }
        : {}),
    })),
  };
}

interface AnswerRecord {
  readonly recordId?: unknown;
  readonly result?: unknown;
  readonly data?: unknown;
}

/** Sorts the function's answer by record. An answer whose record ids are not those of the batch is no answer to it. */
function readAnswer(records: readonly Incoming[], payload: Buffer): Omit<Processed, "attempts"> {
  const answers = byRecordId(payload);
  if (records.some(({ id }) => !answers.has(id))) {
    throw new BatchError(
      "Lambda.MissingRecordId",
      "One or more record IDs were missing. Verify that the Lambda function returns all received record IDs.",
      false,
    );
  }
  if (answers.size !== records.length) {
    throw new BatchError(
      "Lambda.InvalidRecordId",
      "The Lambda function returned record IDs that it did not receive.",
      false,
    );
  }
  const ok: Piece[] = [];
  const failed: Failure[] = [];
  let dropped = 0;
  for (const record of records) {
    const { result, data } = answers.get(record.id)!;
    const bytes = result === "Ok" && typeof data === "string" ? fromBase64(data) : undefined;
    if (result === "Dropped") {
      dropped++;
    } else if (bytes) {
      ok.push({ data: bytes, arrivedAt: record.arrivedAt });
    } else if (result === "ProcessingFailed") {
      const errorMessage = "ProcessingFailed status set for record";
      failed.push({ record, errorCode: "Lambda.ProcessingFailedStatus", errorMessage });
    } else {
      const errorMessage =
        result === "Ok"
          ? "The Lambda function returned no base64 data for the record"
          : `The Lambda function returned the invalid result ${JSON.stringify(result)} for the record`;
      failed.push({ record, errorCode: "Lambda.JsonProcessingException", errorMessage });
    }
  }
  return { ok, dropped, failed };
}

function byRecordId(payload: Buffer): Map<string, AnswerRecord> {
  const list = parseRecords(payload);
  const answers = new Map<string, AnswerRecord>();
  for (const answer of list) {
    const { recordId } = answer;
    if (typeof recordId !== "string") throw unreadable();
    if (answers.has(recordId)) {
      throw new BatchError(
        "Lambda.DuplicatedRecordId",
        "Multiple records with the same record ID were returned. Verify that the Lambda function returns unique record IDs for each record.",
        false,
      );
    }
    answers.set(recordId, answer);
  }
  return answers;
}

function parseRecords(payload: Buffer): readonly AnswerRecord[] {
  let answer: { readonly records?: unknown } | null;
  try {
    answer = JSON.parse(payload.toString("utf8"));
  } catch {
    throw unreadable();
  }
  const list = answer?.records;
  if (!Array.isArray(list) || list.some((item) => typeof item !== "object" || item === null)) throw unreadable();
  return list;
}

const unreadable = () =>
  new BatchError(
    "Lambda.JsonProcessingException",
    "There was an error parsing returned records from the Lambda function. Verify that the returned records follow the required status model.",
    false,
  );

const CALL_CODES: Readonly<Record<string, string>> = {
  AccessDenied: "Lambda.InvokeAccessDenied",
  AccessDeniedException: "Lambda.InvokeAccessDenied",
  ResourceNotFoundException: "Lambda.ResourceNotFound",
  TooManyRequestsException: "Lambda.InvokeLimitExceeded",
  TimeoutError: "Lambda.FunctionRequestTimedOut",
  AbortError: "Lambda.FunctionRequestTimedOut",
};

function asBatchError(error: unknown): BatchError {
  if (error instanceof BatchError) return error;
  return new BatchError(CALL_CODES[codeOf(error)] ?? "Lambda.ConnectionError", messageOf(error), true);
}

/**
 * The line that keeps a failed record, with the reason.
 * https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
 */
export function failureLine(failure: Failure, attempts: number, endedAt: number, lambdaArn: string): Piece {
  const { record, errorCode, errorMessage } = failure;
  const line = {
    attemptsMade: attempts,
    arrivalTimestamp: record.arrivedAt,
    errorCode,
    errorMessage,
    attemptEndingTimestamp: endedAt,
    rawData: record.data.toString("base64"),
    lambdaArn,
  };
  return { data: Buffer.from(`${JSON.stringify(line)}\n`), arrivedAt: record.arrivedAt };
}
