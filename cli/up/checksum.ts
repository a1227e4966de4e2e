import { type RecordShape, TELEMETRY } from "../../lambda-src/events/telemetry";

/** What identifies a telemetry record is its values, in field order: where nothing is, or no number, that is part of it too. */
type Field = readonly [name: string, fields: readonly Field[] | undefined];

const fieldsOf = (shape: RecordShape): Field[] =>
  Object.entries(shape).map(([name, type]) => [name, typeof type === "string" ? undefined : fieldsOf(type)]);
const FIELDS = fieldsOf(TELEMETRY);

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/**
 * Sum of the identities of records: the same for the same records, in whatever order. 64 bits, mixed as MurmurHash3 mixes them: made to find a record that is
 * missing, doubled or changed among millions, not to withstand anybody.
 */
export class Checksum {
  private low = 0;
  private high = 0;
  /** Of the record at hand. */
  private one = 0;
  private two = 0;

  add(record: unknown): this {
    this.one = 0x9747b28c;
    this.two = 0x85ebca6b;
    this.mixFields(FIELDS, record);
    this.low = (this.low + finished(this.one)) >>> 0;
    this.high = (this.high + finished(this.two)) >>> 0;
    return this;
  }

  /** The identity of the record added last: 53 bits, which a double holds. */
  get last(): number {
    return (finished(this.two) & 0x1fffff) * 2 ** 32 + (finished(this.one) >>> 0);
  }

  get value(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  private mixFields(fields: readonly Field[], record: unknown): void {
    const members = typeof record === "object" && record !== null ? (record as Record<string, unknown>) : NONE;
    for (const [name, inner] of fields) {
      const value = members[name];
      if (inner) this.mixFields(inner, value);
      else if (typeof value === "number") {
        double[0] = value;
        this.mix(words[0]!);
        this.mix(words[1]!);
      } else for (const character of `${typeof value} ${JSON.stringify(value)}`) this.mix(character.codePointAt(0)!);
    }
  }

  private mix(word: number): void {
    this.one =
      Math.imul(rotated(this.one ^ Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) +
      0xe6546b64;
    this.two =
      Math.imul(rotated(this.two ^ Math.imul(rotated(Math.imul(word, 0x239b961b), 17), 0xab0e9789), 19), 5) +
      0x561ccd1b;
  }
}

const NONE: Readonly<Record<string, unknown>> = {};
const rotated = (word: number, by: number) => (word << by) | (word >>> (32 - by));

function finished(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
