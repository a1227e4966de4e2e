import type { Telemetry } from "../../lambda-src/events/telemetry";
import { createRandom } from "./random";

/** How one number is drawn: a whole number of `1 / scale`, of which there are few enough to hold the text of each. */
interface Draw {
  readonly scale: number;
  /** The whole number for a draw from [0, 1). */
  pick(random: number): number;
  /** The number for draw 0. */
  readonly first: number;
  readonly count: number;
}

/** An even draw from [min, max], to `digits` places: no longer text than an instrument would send. */
function decimal(min: number, max: number, digits: number): Draw {
  const scale = 10 ** digits;
  const pick = (random: number) => Math.round((min + random * (max - min)) * scale);
  return { scale, pick, first: pick(0), count: Math.round(max * scale) - pick(0) + 1 };
}

const whole = (min: number, max: number): Draw => ({
  scale: 1,
  pick: (random) => min + Math.floor(random * (max - min + 1)),
  first: min,
  count: max - min + 1,
});

function wheels(min: number, max: number, digits: number) {
  const wheel = decimal(min, max, digits);
  return { front_left: wheel, front_right: wheel, rear_left: wheel, rear_right: wheel };
}

type Draws<T> = { readonly [K in keyof T]: T[K] extends number ? Draw : Draws<T[K]> };

/** Ranges a race car has; speed from 100 to 350 km/h, so that 3 in 5 records pass a filter at 200. */
const CAR: Draws<Telemetry> = {
  speed: decimal(100, 350, 1),
  rpm: whole(5000, 15000),
  gear: whole(1, 8),
  throttle: decimal(0, 1, 2),
  brakes: decimal(0, 1, 2),
  steering_angle: decimal(-1, 1, 2),
  suspension: { ride_height: decimal(30, 60, 1), damper_settings: wheels(1, 10, 1) },
  temperatures: { engine: decimal(85, 115, 1), brakes: wheels(200, 900, 1), tires: wheels(70, 120, 1) },
  pressures: { engine: decimal(2, 6, 2), brakes: wheels(10, 120, 1), tires: wheels(1.2, 2, 2) },
  fuel_consumption: decimal(1.8, 3, 2),
  lap_time: decimal(68, 95, 3),
};

const isDraw = (value: unknown): value is Draw => typeof (value as Draw).pick === "function";

/**
 * Endless telemetry of one car as JSON documents. The same seed gives the same records, byte for byte, and the first n of them are the same however many
 * are taken.
 *
 * Many times faster than writing each record from an object: what does not change between records is copied, and so is the text of each number, four bytes
 * at a time. What is copied too much is written over by what comes next.
 */
export class TelemetryWriter {
  private readonly random: () => number;
  private readonly plan = thePlan();

  constructor(seed: number) {
    this.random = createRandom(seed);
  }

  /** The next record. */
  one(): Buffer {
    const bytes = Buffer.allocUnsafe(this.plan.mostBytes + SLACK);
    return bytes.subarray(0, this.write(viewOf(bytes), 0));
  }

  /** The next `count` records as a JSON list. */
  list(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count * (this.plan.mostBytes + 1) + 2 + SLACK);
    const view = viewOf(bytes);
    let at = 0;
    for (let n = 0; n < count; n++) {
      view.setUint8(at, n === 0 ? OPEN : COMMA);
      at = this.write(view, at + 1);
    }
    view.setUint8(at, CLOSE);
    return bytes.subarray(0, at + 1);
  }

  private write(view: DataView, from: number): number {
    const { parts, end } = this.plan;
    let at = from;
    for (const { before, draw, words, lengths } of parts) {
      at = copy(before, view, at);
      const which = draw.pick(this.random()) - draw.first;
      view.setInt32(at, words[2 * which]!);
      view.setInt32(at + 4, words[2 * which + 1]!);
      at += lengths[which]!;
    }
    return copy(end, view, at);
  }
}

/** The records of `TelemetryWriter` as objects, each with the members of its JSON in their order. */
export function* telemetryRecords(seed: number): Generator<Telemetry> {
  const writer = new TelemetryWriter(seed);
  for (;;) yield* JSON.parse(writer.list(100).toString("latin1")) as Telemetry[];
}

const OPEN = 0x5b;
const COMMA = 0x2c;
const CLOSE = 0x5d;
/** Bytes that a copy may write too much. */
const SLACK = 8;

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Bytes as numbers of four, filled up with zeros. */
interface Text {
  readonly words: Int32Array;
  readonly length: number;
}

function copy({ words, length }: Text, view: DataView, at: number): number {
  for (let n = 0; n < words.length; n++) view.setInt32(at + 4 * n, words[n]!);
  return at + length;
}

function textOf(text: string): Text {
  const padded = Buffer.alloc(Math.ceil(text.length / 4) * 4);
  padded.write(text, "latin1");
  return {
    words: Int32Array.from({ length: padded.length / 4 }, (_, n) => padded.readInt32BE(4 * n)),
    length: text.length,
  };
}

/** The texts of a draw's numbers: two words each, and how long each is. */
interface Table {
  readonly words: Int32Array;
  readonly lengths: Uint8Array;
}

/** A number of the record, with the text before it. */
interface Part extends Table {
  readonly before: Text;
  readonly draw: Draw;
}

interface Plan {
  readonly parts: readonly Part[];
  /** The text behind the last number. */
  readonly end: Text;
  /** Bytes that a record takes at most. */
  readonly mostBytes: number;
}

let made: Plan | undefined;
/** Made once, when it is first needed: 50,000 numbers as text. */
function thePlan(): Plan {
  made ??= planOf(CAR);
  return made;
}

function planOf(draws: Draws<Telemetry>): Plan {
  const inOrder: Draw[] = [];
  // A mark that the text holds nowhere else stands for a number.
  const text = JSON.stringify(draws, (_, value: unknown) => {
    if (!isDraw(value)) return value;
    inOrder.push(value);
    return "#";
  });
  const pieces = text.split('"#"').map(textOf);
  const tables = new Map(inOrder.map((draw) => [draw, tableOf(draw)]));
  const parts = inOrder.map((draw, n) => ({ draw, before: pieces[n]!, ...tables.get(draw)! }));
  return { parts, end: pieces[inOrder.length]!, mostBytes: text.length + inOrder.length * 8 };
}

function tableOf(draw: Draw): Table {
  const texts = Array.from({ length: draw.count }, (_, n) => String((draw.first + n) / draw.scale).padEnd(8, "\0"));
  const bytes = Buffer.from(texts.join(""), "latin1");
  return {
    words: Int32Array.from({ length: 2 * draw.count }, (_, n) => bytes.readInt32BE(4 * n)),
    lengths: Uint8Array.from(texts, (text) => text.indexOf("\0")),
  };
}
