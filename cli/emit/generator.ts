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

/** Bytes that a record's JSON takes at most. */
const MOST_BYTES = 1024;

/**
 * Endless telemetry of one car as JSON documents. The same seed gives the same records, byte for byte, and the first n of them are the same however many
 * are taken.
 *
 * Many times faster than writing each record from an object: what does not change between records is copied, and so is the text of each number.
 */
export class TelemetryWriter {
  private readonly random: () => number;
  private readonly plan = thePlan();

  constructor(seed: number) {
    this.random = createRandom(seed);
  }

  /** The next `count` records as they stand in a JSON list: with commas between and no brackets. */
  next(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count * MOST_BYTES);
    let at = 0;
    for (let n = 0; n < count; n++) {
      if (n > 0) bytes[at++] = COMMA;
      at = this.write(bytes, at);
    }
    return bytes.subarray(0, at);
  }

  private write(bytes: Buffer, from: number): number {
    const { draws, pieces } = this.plan;
    let at = from;
    for (let n = 0; n < draws.length; n++) {
      const { draw, texts, ends } = draws[n]!;
      at = copy(pieces[n]!, 0, pieces[n]!.length, bytes, at);
      const which = draw.pick(this.random()) - draw.first;
      at = copy(texts, which === 0 ? 0 : ends[which - 1]!, ends[which]!, bytes, at);
    }
    const last = pieces[draws.length]!;
    return copy(last, 0, last.length, bytes, at);
  }
}

/** The records of `TelemetryWriter` as objects, each with the members of its JSON in their order. */
export function* telemetryRecords(seed: number): Generator<Telemetry> {
  const writer = new TelemetryWriter(seed);
  for (;;) yield* JSON.parse(`[${writer.next(100).toString("latin1")}]`) as Telemetry[];
}

const COMMA = 0x2c;

/** A loop: for a few bytes it is faster than a call into the engine. */
function copy(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  let put = at;
  for (let n = from; n < to; n++) target[put++] = source[n]!;
  return put;
}

/** A draw with the texts of its numbers, one behind the other, and where each ends. */
interface Table {
  readonly draw: Draw;
  readonly texts: Uint8Array;
  readonly ends: Uint32Array;
}

/** The record's text around its numbers, and their tables, in order. */
interface Plan {
  readonly pieces: readonly Uint8Array[];
  readonly draws: readonly Table[];
}

let made: Plan | undefined;
/** Made once, when it is first needed: 50,000 numbers as text. */
function thePlan(): Plan {
  made ??= planOf(CAR);
  return made;
}

function planOf(draws: Draws<Telemetry>): Plan {
  const tables = new Map<Draw, Table>();
  const inOrder: Table[] = [];
  // A mark that the text holds nowhere else stands for a number.
  const text = JSON.stringify(draws, (_, value: unknown) => {
    if (!isDraw(value)) return value;
    const table = tables.get(value) ?? tableOf(value);
    tables.set(value, table);
    inOrder.push(table);
    return "#";
  });
  return { pieces: text.split('"#"').map((piece) => Buffer.from(piece)), draws: inOrder };
}

function tableOf(draw: Draw): Table {
  const texts = Array.from({ length: draw.count }, (_, n) => String((draw.first + n) / draw.scale));
  let end = 0;
  return {
    draw,
    texts: Buffer.from(texts.join("")),
    ends: Uint32Array.from(texts, (one) => {
      end += one.length;
      return end;
    }),
  };
}
