/** Messages of the PostgreSQL protocol, version 3: https://www.postgresql.org/docs/current/protocol-message-formats.html */

/** Codes in place of a protocol version, in what a client sends first. */
export const PROTOCOL_3 = 196_608;
export const CANCEL_REQUEST = 80_877_102;
export const SSL_REQUEST = 80_877_103;
export const GSS_REQUEST = 80_877_104;

/** A message with its type, its length (of itself and what follows) and its parts. */
function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type, "latin1"), int32(body.length + 4), body]);
}

const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
/** Text that a zero byte ends; one in it would end it too early. */
const text = (value: string): Buffer => Buffer.from(`${value.replaceAll("\0", "")}\0`, "utf8");

export const askPassword = (): Buffer => message("R", int32(3));
export const letIn = (): Buffer => message("R", int32(0));
export const parameterStatus = (name: string, value: string): Buffer => message("S", text(name), text(value));
/** What a CancelRequest must name. */
export const keyData = (pid: number, secret: number): Buffer => message("K", int32(pid), int32(secret));
/** `I` idle, `T` in a transaction, `E` in one that failed. */
export const ready = (state: "I" | "T" | "E"): Buffer => message("Z", text(state).subarray(0, 1));
export const complete = (tag: string): Buffer => message("C", text(tag));
export const emptyQuery = (): Buffer => message("I");

export function refusal(severity: "ERROR" | "FATAL", sqlState: string, words: string): Buffer {
  return message(
    "E",
    text(`S${severity}`),
    text(`V${severity}`),
    text(`C${sqlState}`),
    text(`M${words}`),
    Buffer.from([0]),
  );
}

/** OIDs of pg_type, by which clients choose how to show a value: https://www.postgresql.org/docs/current/catalog-pg-type.html */
const OIDS: Readonly<Record<string, number>> = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  float4: 700,
  float8: 701,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
};
const VARCHAR = 1043;

export function rowDescription(columns: readonly { readonly name: string; readonly type: string }[]): Buffer {
  const fields = columns.map(({ name, type }) =>
    // Of no table, of a length and a modifier that are not said, as text.
    Buffer.concat([text(name), int32(0), int16(0), int32(OIDS[type] ?? VARCHAR), int16(-1), int32(-1), int16(0)]),
  );
  return message("T", int16(columns.length), ...fields);
}

export function dataRow(values: readonly (string | null)[]): Buffer {
  const cells = values.map((value) => {
    if (value === null) return int32(-1);
    const bytes = Buffer.from(value, "utf8");
    return Buffer.concat([int32(bytes.length), bytes]);
  });
  return message("D", int16(values.length), ...cells);
}

/** Cuts what comes over a connection into messages. */
export class MessageReader {
  private rest: Buffer = Buffer.alloc(0);
  /** The first message has no type. */
  private started = false;

  add(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
  }

  /** Of what comes next, a first message again: after the answer to a request for encryption. */
  restart(): void {
    this.started = false;
  }

  /**
   * The next whole message; undefined while it has not come whole.
   *
   * @throws Error for a length that no message has
   */
  next(): { readonly type: string; readonly body: Buffer } | undefined {
    const head = this.started ? 1 : 0;
    if (this.rest.length < head + 4) return undefined;
    const length = this.rest.readInt32BE(head);
    if (length < 4 || length > MAX_BYTES) throw new Error(`a message of ${length} bytes`);
    if (this.rest.length < head + length) return undefined;
    const type = this.started ? String.fromCharCode(this.rest[0]!) : "";
    const body = this.rest.subarray(head + 4, head + length);
    this.rest = this.rest.subarray(head + length);
    this.started = true;
    return { type, body };
  }
}

/** Redshift takes statements of up to 16 MB: https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-sql.html */
const MAX_BYTES = 16 * 1024 * 1024 + 1024;

/** Names and values, each ended by a zero byte, as a startup message has them. */
export function pairs(body: Buffer): ReadonlyMap<string, string> {
  const words = body.toString("utf8").split("\0");
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < words.length && words[at] !== ""; at += 2) found.set(words[at]!, words[at + 1]!);
  return found;
}

/** Text up to its zero byte. */
export const textOf = (body: Buffer): string => {
  const end = body.indexOf(0);
  return body.toString("utf8", 0, end < 0 ? body.length : end);
};
