import type { Clock } from "../../clock";
import { Gather, type Limit } from "./gather";
import type { Piece } from "./records";

/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
export const ACTIVE_PARTITIONS = 500;

export type Keys = ReadonlyMap<string, string>;

interface Partition {
  readonly gather: Gather<Piece>;
  /** Objects of it that are being written. */
  writing: number;
}

/**
 * A buffer for each set of partition keys. A partition is active from its first record until its object is written:
 * https://docs.aws.amazon.com/firehose/latest/dev/buffering.html
 */
export class Partitions {
  private readonly active = new Map<string, Partition>();

  constructor(
    private readonly clock: Clock,
    private readonly afterSeconds: number,
    private readonly limits: readonly Limit<Piece>[],
    private readonly close: (batch: readonly Piece[], keys: Keys, written: () => void) => void,
  ) {}

  /** False when the record would open one partition too many. */
  add(keys: Keys, piece: Piece): boolean {
    const id = JSON.stringify([...keys.values()]);
    let partition = this.active.get(id);
    if (!partition) {
      if (this.active.size >= ACTIVE_PARTITIONS) return false;
      partition = this.open(id, keys);
    }
    partition.gather.add(piece);
    return true;
  }

  flush(): void {
    for (const { gather } of this.active.values()) gather.flush();
  }

  drop(): void {
    for (const { gather } of this.active.values()) gather.drop();
    this.active.clear();
  }

  private open(id: string, keys: Keys): Partition {
    const gather = new Gather(this.clock, this.afterSeconds, this.limits, (batch: readonly Piece[]) => {
      partition.writing++;
      this.close(batch, keys, () => {
        partition.writing--;
        if (partition.writing === 0 && gather.isEmpty) this.active.delete(id);
      });
    });
    const partition: Partition = { gather, writing: 0 };
    this.active.set(id, partition);
    return partition;
  }
}
