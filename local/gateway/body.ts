import type { Readable } from "node:stream";
import { AwsError } from "./types";

/** Above the largest request of a service that we answer: API Gateway takes 10 MB, Firehose 4 MiB and a third for base64. */
export const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** A body read whole; one beyond the limit is an AwsError, with the rest left unread. */
export async function readBody(stream: Readable, limitBytes = BODY_LIMIT_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) {
      throw new AwsError("RequestEntityTooLargeException", `The request is larger than ${limitBytes} bytes`, 413);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
