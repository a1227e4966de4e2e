import { KinesisClient } from "@aws-sdk/client-kinesis";
import { type EmitProgress, progressLine, resultLines } from "../emit";
import {
  type EventStream,
  generatedRecords,
  keyFieldOf,
  putAll,
  readEvents,
  STREAMS,
  type StreamRecord,
} from "../emit/events";
import { CommandError } from "../problem";
import { findTarget, outputOf, type TargetName } from "../target";

export interface EventFlags {
  readonly target: TargetName;
  readonly stream: EventStream;
  /** Left out, events are generated. */
  readonly file?: string;
  readonly repeat: number;
  readonly key?: string;
  readonly records: number;
  readonly rate: number;
  readonly seed: number;
}

/** Puts the events of a file, or generated ones, on a stream. Fails when one was refused or not taken, after all the others have been sent. */
export async function emitEvents(
  stack: string | undefined,
  flags: EventFlags,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<void> {
  const { output } = STREAMS[flags.stream];
  const target = findTarget(flags.target, stack, ".", output);
  const stream = outputOf(target, output);
  const { records, count, refused } = toSend(flags);
  const client = new KinesisClient({ ...target.client, credentials: await target.credentials() });
  try {
    const result = await putAll({
      client,
      stream,
      records,
      count,
      rate: flags.rate,
      signal,
      onProgress: (progress: EmitProgress) => onProgress(progressLine(progress)),
    });
    if (process.stdout.isTTY) process.stdout.write("\n");
    for (const line of resultLines(result)) console.log(line);
    const missing = result.records - result.accepted;
    if (missing + refused > 0) {
      const why = refused > 0 ? `, ${refused} of them refused before they were sent` : "";
      throw new CommandError(`${missing + refused} of ${result.records + refused} events were not taken${why}`);
    }
  } finally {
    client.destroy();
  }
}

function toSend({ stream, file, repeat, key, records, seed }: EventFlags): {
  readonly records: Iterable<StreamRecord>;
  readonly count: number;
  readonly refused: number;
} {
  if (file === undefined) return { records: generatedRecords(stream, seed, records), count: records, refused: 0 };
  const { events, refused } = readEvents(file, key ?? keyFieldOf(stream));
  for (const { at, reason } of refused) console.error(`refused ${at}: ${reason}`);
  return { records: repeated(events, repeat), count: events.length * repeat, refused: refused.length * repeat };
}

/** The file from its beginning to its end, and again. */
function* repeated(events: readonly StreamRecord[], times: number): Generator<StreamRecord> {
  for (let time = 0; time < times; time++) yield* events;
}
