import { SqlError } from "../errors";

/**
 * Locks on tables, held to the end of a transaction, one writer at a time, as Redshift has them
 * (https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html). A second writer waits instead of failing.
 */
export class TableLocks {
  private readonly holders = new Map<string, object>();
  private readonly queues = new Map<string, { owner: object; grant(): void; fail(error: Error): void }[]>();
  private readonly waiting = new Map<object, string>();

  /**
   * Resolves when `owner` holds `table`.
   *
   * @throws SqlError when waiting would never end (each waits for the other), or when `signal` aborts
   */
  async take(table: string, owner: object, signal?: AbortSignal): Promise<void> {
    const holder = this.holders.get(table);
    if (holder === owner) return;
    if (!holder) {
      this.holders.set(table, owner);
      return;
    }
    this.refuseDeadlock(table, owner);
    this.waiting.set(owner, table);
    const queue = this.queues.get(table) ?? [];
    this.queues.set(table, queue);
    const cancel = () => {
      const at = queue.findIndex((entry) => entry.owner === owner);
      if (at >= 0) queue.splice(at, 1)[0]!.fail(new SqlError("Query cancelled on user's request", "57014"));
    };
    try {
      await new Promise<void>((grant, fail) => {
        queue.push({ owner, grant, fail });
        if (signal?.aborted) cancel();
        else signal?.addEventListener("abort", cancel, { once: true });
      });
    } finally {
      this.waiting.delete(owner);
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Ends every lock of `owner`; those who wait get theirs in the order they came. */
  release(owner: object): void {
    for (const [table, holder] of [...this.holders]) {
      if (holder !== owner) continue;
      const next = this.queues.get(table)?.shift();
      if (next) {
        this.holders.set(table, next.owner);
        next.grant();
      } else {
        this.holders.delete(table);
        this.queues.delete(table);
      }
    }
  }

  private refuseDeadlock(table: string, owner: object): void {
    const seen = new Set<string>();
    for (let wanted: string | undefined = table; wanted !== undefined && !seen.has(wanted); ) {
      seen.add(wanted);
      const holder = this.holders.get(wanted);
      if (holder === owner) throw new SqlError("deadlock detected", "40P01");
      wanted = holder ? this.waiting.get(holder) : undefined;
    }
  }
}
