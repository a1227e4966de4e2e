import { BAD_KINDS, type BadResult, ENTRIES, keyOf } from "../emit";
import { between } from "./checks";
import type { Check } from "./summary";

/** Records that were sent bad on purpose, found again under the error prefix by their bytes. */
export class BadFound {
  private readonly found = new Map<string, number>();
  /** Rejected records that nobody sent so. */
  strangers = 0;

  constructor(private readonly sent: BadResult) {}

  /** What a rejected record was sent as; undefined for one that was not sent bad, or not byte for byte. */
  readonly nameOf = (bytes: Buffer): string | undefined => {
    const key = keyOf(bytes);
    const known = this.sent.rejected.get(key);
    if (known === undefined) {
      this.strangers++;
      return undefined;
    }
    this.found.set(key, (this.found.get(key) ?? 0) + 1);
    return known.kind.name;
  };

  /** One line a kind and entry: what was to become of it, and of how many it did. */
  checks(): Check[] {
    const { answers, unknown } = this.sent;
    const ways = BAD_KINDS.flatMap((kind) => ENTRIES.map((entry) => ({ kind, entry, fate: kind.fate[entry] })));
    const lines = ways.map(({ kind, entry, fate }): Check => {
      const own = answers.filter((answer) => answer.kind === kind && answer.entry === entry);
      const sent = sum(own.map(({ count }) => count));
      const answered = (as: "taken" | number) => sum(own.map(({ answer, count }) => (answer === as ? count : 0)));
      const name = `${kind.name}, ${entry === "API" ? "by the API" : "straight to the stream"}`;
      if (fate.kind === "refused") {
        const refused = answered(fate.status);
        return { says: `${name}: refused with ${fate.status} (${refused} of ${sent})`, holds: refused === sent };
      }
      if (fate.kind === "arrives") {
        const taken = answered("taken");
        return { says: `${name}: taken as it is (${taken} of ${sent})`, holds: taken === sent };
      }
      const found = this.foundOf(kind.name, entry);
      const says = `${name}: under the error prefix, byte for byte (${found} of ${sent})`;
      return { says, holds: between(sent, unknown)(found) };
    });
    return [...lines, { says: `no other record was rejected (${this.strangers})`, holds: this.strangers === 0 }];
  }

  /** Counts for the line of the other producer. */
  counts(): Readonly<Record<string, number>> {
    const { answers } = this.sent;
    const of = (...as: readonly (string | number)[]) =>
      sum(answers.map(({ answer, count }) => (as.includes(answer) ? count : 0)));
    return {
      sent: sum(answers.map(({ count }) => count)),
      taken: of("taken"),
      refused_400: of(400),
      refused_413: of(413),
      lost: of("lost"),
    };
  }

  private foundOf(kind: string, entry: string): number {
    let found = 0;
    for (const [key, count] of this.found) {
      const sent = this.sent.rejected.get(key)!;
      if (sent.kind.name === kind && sent.entry === entry) found += count;
    }
    return found;
  }
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
