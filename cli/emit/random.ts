/**
 * A seeded stream of numbers in [0, 1): mulberry32, 32 bits of state. Whole-number arithmetic only, so that a seed gives the same numbers on
 * every machine.
 */
export class Random {
  /** Signed, as the engine keeps whole numbers of 32 bits without an object for each. */
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
