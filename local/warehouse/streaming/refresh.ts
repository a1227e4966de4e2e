import { HIDDEN } from "../access/catalogue";
import { SqlError } from "../errors";
import type { Session } from "../session";
import { showName } from "../sql/cursor";
import { quoteName } from "../sql/tokens";
import { type StreamView, streamCatalogue } from "./catalogue";
import type { PartitionRange, StreamRecord, StreamTopic } from "./source";
import { TopicTable } from "./topic-table";

/** Longest value that a VARBYTE column, and with it `kafka_value`, holds; a longer record is skipped and told (AWS: unverified where exactly the limit lies). */
const LONGEST_VALUE_BYTES = 16_777_216;
/** Ours: AWS does not say which code it gives. */
const TOO_LONG = { code: 1, reason: `record is longer than ${LONGEST_VALUE_BYTES} bytes and was skipped` };

/** Records after which what was read moves into the view, so that memory stays bounded; the transaction goes on. */
const MOVE_ROWS = 50_000;

/** What one partition gave to a refresh. */
interface Scan {
  scanned: number;
  skipped: number;
  bytes: number;
  from: number;
  to: number;
}

/**
 * Reads what the topic has that the view has not, up to where the topic ended when the refresh began, in the caller's transaction: rows and offsets are committed
 * together or not at all, so that a refresh that is killed leaves nothing behind and nothing out.
 *
 * @returns the number of records read
 */
export async function refresh(session: Session, stream: StreamView): Promise<number> {
  const { engine, warehouse } = session;
  const schema = await streamCatalogue.schema(engine, stream.streamSchema);
  if (!schema) throw new SqlError(`schema "${stream.streamSchema}" does not exist`, "3F000");
  let topic: StreamTopic;
  let ranges: readonly PartitionRange[];
  try {
    topic = await warehouse.streams.topic(schema, stream.topic);
    ranges = await topic.ranges();
  } catch (error) {
    throw unreadable(stream, error);
  }
  const offsets = await streamCatalogue.offsets(engine, stream.view);
  const ends = new Map(ranges.map(({ partition, end }) => [partition, end]));
  for (const { partition, first } of ranges) {
    const known = offsets.get(partition);
    // From the beginning, or from what retention has left.
    if (known === undefined || known < first) offsets.set(partition, first);
  }
  const open = () => new Map([...offsets].filter(([partition, offset]) => offset < (ends.get(partition) ?? 0n)));
  if (open().size === 0) return 0;

  const target = `${quoteName(stream.view.schema)}.${quoteName(stream.view.name)}`;
  const scans = new Map<number, Scan>();
  const tooLong: StreamRecord[] = [];
  const table = new TopicTable(engine);
  await table.create();
  try {
    for (let from = open(); from.size > 0; from = open()) {
      const { records, next } = await topic.read(from).catch((error: unknown) => {
        throw unreadable(stream, error);
      });
      for (const record of records) {
        const end = ends.get(record.partition)!;
        // What came after the refresh began is the next one's.
        if (record.offset >= end) continue;
        const fits = (record.value?.length ?? 0) <= LONGEST_VALUE_BYTES;
        note(scans, record, fits);
        if (fits) table.add(record);
        else tooLong.push(record);
      }
      for (const [partition, offset] of next) {
        const end = ends.get(partition)!;
        const over = offset >= end;
        offsets.set(partition, over ? end : offset);
      }
      if (session.signal.aborted) throw new SqlError("Query cancelled on user's request", "57014");
      if (table.rows >= MOVE_ROWS) await table.moveInto(target, stream.query);
    }
    if (table.rows > 0) await table.moveInto(target, stream.query);
  } finally {
    await table.drop();
  }
  await streamCatalogue.setOffsets(engine, stream.view, offsets);
  await keepScans(session, stream, scans, offsets, tooLong);
  return [...scans.values()].reduce((sum, { scanned }) => sum + scanned, 0);
}

function note(scans: Map<number, Scan>, record: StreamRecord, fits: boolean): void {
  const { partition, timestamp, value } = record;
  let scan = scans.get(partition);
  if (!scan) {
    scan = { scanned: 0, skipped: 0, bytes: 0, from: timestamp, to: timestamp };
    scans.set(partition, scan);
  }
  scan.scanned++;
  if (!fits) scan.skipped++;
  scan.bytes += value?.length ?? 0;
  if (timestamp < scan.from) scan.from = timestamp;
  if (timestamp > scan.to) scan.to = timestamp;
}

const moment = (milliseconds: number) => `make_timestamp(${milliseconds * 1000})`;
const NOW = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)";

async function keepScans(
  session: Session,
  stream: StreamView,
  scans: ReadonlyMap<number, Scan>,
  offsets: ReadonlyMap<number, bigint>,
  tooLong: readonly StreamRecord[],
): Promise<void> {
  const { engine, user, transactionNumber, queryId } = session;
  const common = [
    user.id,
    stream.streamSchema,
    stream.topic,
    stream.view.name,
    BigInt(transactionNumber),
    BigInt(queryId),
  ];
  for (const [partition, scan] of scans) {
    await engine.run(
      `INSERT INTO ${HIDDEN}.stream_scans VALUES ($1, $2, $3, $4, $5, $6, ${NOW}, $7, $8, $9, $10, $11, ${moment(scan.from)}, ${moment(scan.to)})`,
      [
        ...common,
        String(partition),
        String((offsets.get(partition) ?? 0n) - 1n),
        BigInt(scan.scanned),
        BigInt(scan.skipped),
        BigInt(scan.bytes),
      ],
    );
  }
  for (const { partition, offset, timestamp, timestampType } of tooLong) {
    await engine.run(
      `INSERT INTO ${HIDDEN}.stream_errors VALUES ($1, $2, $3, $4, $5, $6, $7, ${moment(timestamp)}, ${NOW}, $8, $9, $10, $11)`,
      [...common, timestampType, String(partition), String(offset), TOO_LONG.code, TOO_LONG.reason],
    );
  }
}

function unreadable({ view, topic }: StreamView, error: unknown): SqlError {
  const why = error instanceof Error ? error.message : String(error);
  return new SqlError(`materialized view ${showName(view)} cannot read topic ${topic}: ${why}`, "58000");
}
