/** Identities of records, eight bytes each: a million take 8 MB. */
export class Identities {
  private list = new Float64Array(1024);
  private length = 0;

  add(identity: number): void {
    if (this.length === this.list.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.list);
      this.list = larger;
    }
    this.list[this.length++] = identity;
  }

  /** In ascending order, those that are there several times as often as they are. */
  sorted(): Float64Array {
    return this.list.subarray(0, this.length).sort();
  }
}

/** What is there beside what was expected. */
export interface Difference {
  /** Expected and not there. */
  readonly missing: number;
  /** There once more than expected. */
  readonly doubled: number;
  /** There and not expected at all. */
  readonly strangers: number;
}

/** Compares two lists in ascending order. */
export function differenceOf(expected: Float64Array, found: Float64Array): Difference {
  const difference = { missing: 0, doubled: 0, strangers: 0 };
  for (let e = 0, f = 0; e < expected.length || f < found.length; ) {
    const [sought, seen] = [expected[e] ?? Number.POSITIVE_INFINITY, found[f] ?? Number.POSITIVE_INFINITY];
    if (sought === seen) {
      e++;
      f++;
    } else if (sought < seen) {
      difference.missing++;
      e++;
    } else {
      if (seen === expected[e - 1]) difference.doubled++;
      else difference.strangers++;
      f++;
    }
  }
  return difference;
}
