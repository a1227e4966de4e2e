import { serializationFailure } from "../errors";

/**
 * A port for tests of what writes to the warehouse: a write conflict (1023, https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html)
 * at will, which otherwise needs two transactions that meet.
 */
export class WriteConflicts {
  private readonly planned = new Map<string, number>();

  /** The next `times` statements that write `table` (`schema.table` outside of public) fail, and so do their transactions. */
  inject(table: string, times = 1): void {
    this.planned.set(table, times);
  }

  /** How many of the failures planned for `table` have not come yet. */
  left(table: string): number {
    return this.planned.get(table) ?? 0;
  }

  /** @throws SqlError 40001 when a conflict is planned for one of the tables */
  meet(tables: readonly string[]): void {
    for (const table of tables) {
      const left = this.left(table);
      if (left === 0) continue;
      this.planned.set(table, left - 1);
      throw serializationFailure();
    }
  }
}
