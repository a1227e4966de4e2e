import type { Telemetry } from "../../lambda-src/events/telemetry";
import { Random } from "./random";

/** How one number is drawn: a whole number of `1 / scale`, of which there are few enough to hold the text of each. */
interface Draw {
  readonly scale: number;
  /** The number of draw 0, in `1 / scale`. */
  readonly first: number;
  readonly count: number;
  /** A draw from [0, 1) is the number `floor(random * slope + offset)`, counted from the first. */
  readonly slope: number;
  readonly offset: number;
}

/** An even draw from [min, max], to `digits` places: no longer text than an instrument would send. */
function decimal(min: number, max: number, digits: number): Draw {
  const scale = 10 ** digits;
  const first = Math.round(min * scale);
  // Rounded: the two ends are drawn half as often as what is between.
  return {
    scale,
    first,
    count: Math.round(max * scale) - first + 1,
    slope: (max - min) * scale,
    offset: min * scale - first + 0.5,
  };
}

function whole(min: number, max: number): Draw {
  const count = max - min + 1;
  return { scale: 1, first: min, count, slope: count, offset: 0 };
}

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

const isDraw = (value: unknown): value is Draw => typeof (value as Draw).slope === "number";

/**
 * Endless telemetry of one car as JSON documents. The same seed gives the same records, byte for byte, and the first n of them are the same however many
 * are taken.
 *
 * Many times faster than writing each record from an object: what does not change between records is copied, and so is the text of each number, eight bytes
 * at a time (as a 64-bit float, which every text of ASCII is). What is copied too much is written over by what comes next.
 */
export class TelemetryWriter {
  private readonly random: Random;
  private readonly plan = thePlan();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** The next record. */
  one(): Buffer {
    const bytes = Buffer.allocUnsafe(this.plan.mostBytes + WORD);
    return bytes.subarray(0, this.write(viewOf(bytes), 0));
  }

  /** Bytes that `list` needs for `count` records. */
  roomFor(count: number): number {
    return count * (this.plan.mostBytes + 1) + 2 + WORD;
  }

  /** The next `count` records as a JSON list, written into `bytes`. To use the same bytes again is twice as fast as to have new ones of the system. */
  list(count: number, bytes = Buffer.allocUnsafe(this.roomFor(count))): Buffer {
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
    const { random } = this;
    const { parts, end } = this.plan;
    let at = from;
    for (const { before, slope, offset, words, lengths } of parts) {
      at = copy(before, view, at);
      const which = Math.floor(random.next() * slope + offset);
      view.setFloat64(at, words[which]!, true);
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
/** Bytes that are copied at once; up to one word less is copied too much. */
const WORD = 8;

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

interface Text {
  readonly words: Float64Array;
  readonly length: number;
}

function copy({ words, length }: Text, view: DataView, at: number): number {
  for (let n = 0; n < words.length; n++) view.setFloat64(at + WORD * n, words[n]!, true);
  return at + length;
}

/** Text in words, the last filled up with zeros. */
function wordsOf(text: string): Float64Array {
  const padded = Buffer.alloc(Math.ceil(text.length / WORD) * WORD);
  padded.write(text, "latin1");
  return Float64Array.from({ length: padded.length / WORD }, (_, n) => padded.readDoubleLE(WORD * n));
}

const textOf = (text: string): Text => ({ words: wordsOf(text), length: text.length });

/** The texts of a draw's numbers: a word each, and how long each is. */
interface Table {
  readonly words: Float64Array;
  readonly lengths: Uint8Array;
}

/** A number of the record, with the text before it. */
interface Part extends Table {
  readonly before: Text;
  readonly slope: number;
  readonly offset: number;
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
  const parts = inOrder.map((draw, n) => {
    const { slope, offset } = draw;
    return { slope, offset, before: pieces[n]!, ...tables.get(draw)! };
  });
  return { parts, end: pieces[inOrder.length]!, mostBytes: text.length + inOrder.length * WORD };
}

function tableOf(draw: Draw): Table {
  const texts = Array.from({ length: draw.count }, (_, n) => String((draw.first + n) / draw.scale));
  return {
    words: wordsOf(texts.map((text) => text.padEnd(WORD, "\0")).join("")),
    lengths: Uint8Array.from(texts, (text) => text.length),
  };
}
