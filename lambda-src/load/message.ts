import { NO_VERSION } from "./entry";

/**
 * What stands in the queue. Two shapes:
 *
 * - EventBridge's event of S3, `Object Created`, whole and without an input transformer (one would have to write JSON around keys with quotes)
 *   https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * - `QueuedObject`, which the sweep and `redstream retry` write
 */
export interface QueuedObject {
  readonly redstream: "object";
  readonly bucket: string;
  /** As S3 has it, not URL-encoded. */
  readonly key: string;
  readonly version: string;
  readonly bytes: number;
  readonly sequencer?: string;
  /** Load it although it was set aside before. @default false */
  readonly retry?: boolean;
}

/** A message, read. */
export interface Notice {
  readonly bucket: string;
  /** The key in each form it may have: events of EventBridge are documented neither as URL-encoded nor as not. The likelier first. */
  readonly keys: readonly string[];
  readonly version: string | undefined;
  readonly bytes: number;
  readonly sequencer: string | undefined;
  readonly retry: boolean;
}

/**
 * Undefined for what is no message of ours: it is not acknowledged, and ends in the dead-letter queue. `test` for what S3 sends when somebody sets up
 * notifications, which tells of nothing: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function readMessage(body: string): Notice | "test" | undefined {
  const message = parse(body);
  if (!message) return undefined;
  if (message.Service === "Amazon S3" && message.Event === "s3:TestEvent") return "test";
  return message.redstream === "object" ? readQueued(message) : readEvent(message);
}

function readQueued({ bucket, key, version, bytes, sequencer, retry }: Record<string, unknown>): Notice | undefined {
  if (!isText(bucket) || !isText(key) || !isText(version) || !isBytes(bytes)) return undefined;
  return {
    bucket,
    keys: [key],
    version: version === NO_VERSION ? undefined : version,
    bytes,
    sequencer: isText(sequencer) ? sequencer : undefined,
    retry: retry === true,
  };
}

function readEvent(event: Record<string, unknown>): Notice | undefined {
  if (event["detail-type"] !== "Object Created") return undefined;
  const detail = asObject(event.detail);
  const object = asObject(detail?.object);
  const bucket = asObject(detail?.bucket)?.name;
  const { key, size, "version-id": version, sequencer } = object ?? {};
  if (!isText(bucket) || !isText(key) || !isBytes(size)) return undefined;
  return {
    bucket,
    keys: formsOf(key),
    version: isText(version) && version !== "null" ? version : undefined,
    bytes: size,
    sequencer: isText(sequencer) ? sequencer : undefined,
    retry: false,
  };
}

/** The key as it stands, and URL-decoded where that is another one. */
function formsOf(key: string): readonly string[] {
  try {
    const decoded = decodeURIComponent(key.replaceAll("+", " "));
    return decoded === key ? [key] : [key, decoded];
  } catch {
    // A lone % is no encoding.
    return [key];
  }
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(body));
  } catch {
    return undefined;
  }
}

const asObject = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isBytes = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
