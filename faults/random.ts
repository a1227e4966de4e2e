import { Random } from "../cli/emit/random";

/** Choices of a run, all from its seed. */
export class Choices {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 8; i++) this.random.next();
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random.next() * (most - least + 1));
  }

  chance(of: number): boolean {
    return this.random.next() < of;
  }

  /** The items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(this.between(0, left.length - 1), 1)[0]!);
  }

  /** So many of the items, at most all. */
  some<T>(items: readonly T[], count: number): T[] {
    return this.shuffled(items).slice(0, count);
  }
}
