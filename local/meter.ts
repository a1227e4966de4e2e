/** Counts of a run, by place (`api:ID`, `firehose:NAME`, `analytics:NAME`, `warehouse:HOST`) and by what happened there. */
export class Meter {
  private readonly counts = new Map<string, Map<string, number>>();

  add(place: string, event: string, n = 1): void {
    const events = this.counts.get(place) ?? new Map<string, number>();
    events.set(event, (events.get(event) ?? 0) + n);
    this.counts.set(place, events);
  }

  read(place: string, event: string): number {
    return this.counts.get(place)?.get(event) ?? 0;
  }

  /** Every count, for the summary and for a person who looks. */
  all(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.counts].map(([place, events]) => [place, Object.fromEntries(events)]));
  }
}
