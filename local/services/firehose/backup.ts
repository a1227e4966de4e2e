import type { Clock } from "../../clock";
import type { Meter } from "../../meter";
import { Capacity } from "./capacity";
import { Joined } from "./encode";
import { Gather } from "./gather";
import { Lane } from "./lane";
import { ObjectWriter } from "./object-writer";
import type { Piece } from "./records";
import type { BackupSettings } from "./settings";

/**
 * The records as they came, in objects of their own: https://docs.aws.amazon.com/firehose/latest/dev/create-configure-backup.html.
 * A copy holds room in `capacity` until it is written, as the record itself does.
 */
export class Backup {
  private readonly gather: Gather<Piece>;
  private readonly writes = new Lane(1);
  private readonly encoder: Joined;
  private copies = 0;

  constructor(
    settings: BackupSettings,
    private readonly writer: ObjectWriter,
    private readonly capacity: Capacity,
    clock: Clock,
    private readonly meter: Meter,
    private readonly place: string,
    private readonly signal: AbortSignal,
  ) {
    this.encoder = new Joined(settings.compression);
    const limits = [{ max: settings.bufferBytes, of: (piece: Piece) => piece.data.length }];
    this.gather = new Gather(clock, settings.bufferSeconds, limits, (batch) => this.write(batch));
  }

  /** Copies not at rest. */
  get pending(): number {
    return this.copies;
  }

  add({ data, arrivedAt }: Piece): void {
    this.copies++;
    this.capacity.take(Capacity.costOf(data.length));
    this.gather.add({ data, arrivedAt });
  }

  async flush(): Promise<void> {
    this.gather.flush();
    await this.writes.settled();
  }

  /** Stops; answers how many copies are lost. */
  close(): number {
    this.gather.drop();
    this.writes.clear();
    return this.copies;
  }

  private write(pieces: readonly Piece[]): void {
    this.writes.add(async () => {
      try {
        const { body } = await this.encoder.encode(pieces);
        const { extension } = this.encoder;
        const at = ObjectWriter.dateOf(pieces);
        await this.writer.writeData({ body: body!, records: pieces.length, at, extension }, this.signal);
      } catch (error) {
        if (!this.signal.aborted) console.error(error);
        return;
      }
      this.meter.add(this.place, "backed_up", pieces.length);
      this.capacity.give(pieces.reduce((sum, { data }) => sum + Capacity.costOf(data.length), 0));
      this.copies -= pieces.length;
    });
  }
}
