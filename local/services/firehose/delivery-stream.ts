import { join } from "node:path";
import { AwsError, type LocalAws } from "../../gateway/types";
import { Capacity } from "./capacity";
import { Delivery } from "./delivery";
import { updateDestination } from "./destination";
import { KinesisSource } from "./kinesis-source";
import type { Ports } from "./ports";
import type { Incoming } from "./records";
import { settingsOf } from "./settings";
import type { Destination, EncryptionInput, KinesisSourceShape } from "./shapes";

const MB = 1024 * 1024;

export type Status = "ACTIVE" | "DELETING";

/** A delivery stream: its configuration, and the deliveries that carry it out. */
export class DeliveryStream {
  readonly createdAt: Date;
  readonly tags = new Map<string, string>();
  readonly arn: string;
  readonly destinationId = "destinationId-000000000001";
  updatedAt: Date;
  status: Status = "ACTIVE";
  version = 1;
  encryption: EncryptionInput | undefined;

  private readonly capacity: Capacity;
  private readonly source: KinesisSource | undefined;
  /** Deliveries of earlier configurations that are not done yet. */
  private readonly ending = new Set<Delivery>();
  private delivery: Delivery;

  constructor(
    readonly name: string,
    public destination: Destination,
    readonly kinesis: KinesisSourceShape | undefined,
    private readonly aws: LocalAws,
    private readonly ports: Ports,
  ) {
    this.arn = `arn:aws:firehose:${aws.region}:${aws.accountId}:deliverystream/${name}`;
    this.createdAt = this.updatedAt = aws.clock.now();
    // Room for what is gathered, twice (one batch is written while the next is gathered), and for what the processor holds.
    const { bufferBytes, backup } = settingsOf(destination);
    this.capacity = new Capacity(2 * (bufferBytes + (backup?.bufferBytes ?? 0)) + 32 * MB);
    this.delivery = this.newDelivery();
    if (kinesis) {
      this.source = new KinesisSource(
        kinesis.KinesisStreamARN,
        this.createdAt,
        ports.as(kinesis.RoleARN, this.arn).stream,
        this.capacity,
        aws.clock,
        this.delivery.log,
        (records) => this.accept(records),
      );
    }
  }

  get place(): string {
    return `firehose:${this.name}`;
  }

  /** Whether puts must wait. */
  get isFull(): boolean {
    return this.capacity.isFull;
  }

  /** Records taken and not at rest, and shards of the source that may hold unread ones. */
  get pending(): number {
    let records = this.delivery.pending + (this.source?.unread ?? 0);
    for (const delivery of this.ending) records += delivery.pending;
    return records;
  }

  accept(records: readonly Incoming[]): void {
    this.aws.meter.add(this.place, "received", records.length);
    this.delivery.accept(records);
  }

  update(input: Readonly<Record<string, unknown>>): void {
    this.destination = updateDestination(this.destination, input);
    this.version++;
    this.updatedAt = this.aws.clock.now();
    const old = this.delivery;
    this.delivery = this.newDelivery();
    this.ending.add(old);
    void old.flush().then(() => {
      old.close();
      this.ending.delete(old);
    });
  }

  startEncryption(input: EncryptionInput): void {
    if (this.kinesis) {
      throw new AwsError(
        "InvalidArgumentException",
        "Server-side encryption is not supported for a delivery stream with a Kinesis stream as its source; encrypt the stream",
      );
    }
    this.encryption = input;
    this.updatedAt = this.aws.clock.now();
  }

  /** Delivers what it has for at most `seconds` of AWS's time; what is not at rest then is lost, as on AWS. */
  async delete(seconds: number): Promise<void> {
    this.status = "DELETING";
    await this.source?.close();
    const enough = new AbortController();
    const all = [this.delivery, ...this.ending];
    await Promise.race([
      Promise.all(all.map((delivery) => delivery.flush())),
      this.aws.clock.sleep(seconds, enough.signal),
    ]);
    enough.abort();
    await this.close();
  }

  /** Stops at once; the meter says what was lost. */
  async close(): Promise<void> {
    const closing = this.source?.close();
    const lost = [this.delivery, ...this.ending].reduce((sum, delivery) => sum + delivery.close(), 0);
    if (lost > 0) this.aws.meter.add(this.place, "lost", lost);
    await closing;
  }

  private newDelivery(): Delivery {
    const { aws, name, arn, version, kinesis } = this;
    return new Delivery(
      {
        name,
        arn,
        version,
        region: aws.region,
        accountId: aws.accountId,
        sourceArn: kinesis?.KinesisStreamARN,
        folder: join(aws.folder, "firehose"),
      },
      settingsOf(this.destination),
      this.ports,
      this.capacity,
      aws.clock,
      aws.meter,
    );
  }
}
