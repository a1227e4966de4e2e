import { randomUUID } from "node:crypto";
import { AwsError, type AwsRequest, type AwsResponse, type LocalAws, type Service } from "../../gateway/types";
import { awsPorts } from "./aws-ports";
import { DeliveryStream } from "./delivery-stream";
import { describe } from "./describe";
import { outOfRange, readDestination } from "./destination";
import type { Ports } from "./ports";
import { putRecord, putRecordBatch } from "./put";
import type { EncryptionInput, KinesisSourceShape } from "./shapes";
import { addTags, listTags, pageOf, removeTags } from "./tags";

const TARGET = "Firehose_20150804.";
/** What a deleted stream may still take to deliver, in AWS's time and at least in ours. */
const LAST_DELIVERY_SECONDS = 60;
const LAST_DELIVERY_REAL_SECONDS = 10;
/** ListDeliveryStreams answers 10 unless asked for more. */
const LIST_DEFAULT = 10;

type Json = Readonly<Record<string, unknown>>;
type Action = (input: Json) => Json;

/** Amazon Data Firehose: control plane, puts, Kinesis source, processor, delivery to S3 and Redshift. */
export function createFirehose(aws: LocalAws, ports: Ports = awsPorts(aws)): Service {
  return new Firehose(aws, ports);
}

class Firehose implements Service {
  readonly names = ["firehose"];

  private readonly streams = new Map<string, DeliveryStream>();

  private readonly actions: Readonly<Record<string, Action>> = {
    CreateDeliveryStream: (input) => this.create(input),
    DescribeDeliveryStream: (input) => ({ DeliveryStreamDescription: describe(this.get(input)) }),
    ListDeliveryStreams: (input) => this.list(input),
    DeleteDeliveryStream: (input) => this.delete(input),
    UpdateDestination: (input) => this.update(input),
    TagDeliveryStream: (input) => this.change(input, (stream) => addTags(stream.tags, input.Tags)),
    UntagDeliveryStream: (input) => this.change(input, (stream) => removeTags(stream.tags, input.TagKeys)),
    ListTagsForDeliveryStream: (input) => listTags(this.get(input).tags, input),
    StartDeliveryStreamEncryption: (input) =>
      this.change(input, (stream) =>
        stream.startEncryption(encryptionOf(input.DeliveryStreamEncryptionConfigurationInput)),
      ),
    StopDeliveryStreamEncryption: (input) =>
      this.change(input, (stream) => {
        stream.encryption = undefined;
      }),
    PutRecord: (input) => putRecord(this.get(input), input, this.aws.clock.now()),
    PutRecordBatch: (input) => putRecordBatch(this.get(input), input, this.aws.clock.now()),
  };

  constructor(
    private readonly aws: LocalAws,
    private readonly ports: Ports,
  ) {}

  async handle(request: AwsRequest): Promise<AwsResponse> {
    const target = request.headers["x-amz-target"] ?? "";
    const name = target.startsWith(TARGET) ? target.slice(TARGET.length) : "";
    const action = Object.hasOwn(this.actions, name) ? this.actions[name] : undefined;
    if (!action) {
      throw new AwsError("UnknownOperationException", `${target || "a request without target"} is not carried here`);
    }
    const input = parse(request.body);
    await this.aws.authorize(request.caller, `firehose:${name}`, this.resourceOf(name, input));
    return {
      status: 200,
      headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() },
      body: JSON.stringify(action(input)),
    };
  }

  pending(): number {
    return [...this.streams.values()].reduce((sum, stream) => sum + stream.pending, 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.streams.values()].map((stream) => stream.close()));
    this.streams.clear();
  }

  private resourceOf(action: string, input: Json): string {
    if (action === "ListDeliveryStreams") return "*";
    return `arn:aws:firehose:${this.aws.region}:${this.aws.accountId}:deliverystream/${nameOf(input)}`;
  }

  private create(input: Json): Json {
    const name = nameOf(input);
    if (this.streams.has(name)) {
      const account = this.aws.accountId;
      throw new AwsError("ResourceInUseException", `Firehose ${name} under accountId ${account} already exists`);
    }
    const encryption = input.DeliveryStreamEncryptionConfigurationInput;
    const kinesis = sourceOf(input);
    if (kinesis && encryption) {
      throw new AwsError(
        "InvalidArgumentException",
        "DeliveryStreamEncryptionConfigurationInput is for DirectPut: encrypt the Kinesis stream",
      );
    }
    const stream = new DeliveryStream(name, readDestination(input), kinesis, this.aws, this.ports);
    if (encryption) stream.encryption = encryptionOf(encryption);
    addTags(stream.tags, input.Tags);
    this.streams.set(name, stream);
    return { DeliveryStreamARN: stream.arn };
  }

  private list(input: Json): Json {
    const type = input.DeliveryStreamType;
    const names = [...this.streams.values()]
      .filter(({ kinesis }) => type === undefined || type === (kinesis ? "KinesisStreamAsSource" : "DirectPut"))
      .map(({ name }) => name)
      .sort();
    const limit = input.Limit ?? LIST_DEFAULT;
    const { page, more } = pageOf(names, input.ExclusiveStartDeliveryStreamName, limit, 10_000);
    return { DeliveryStreamNames: page, HasMoreDeliveryStreams: more };
  }

  /** Answers at once, as AWS; the stream is there, DELETING, until it has delivered what it had. */
  private delete(input: Json): Json {
    const stream = this.get(input);
    if (stream.status !== "DELETING") {
      const seconds = Math.max(LAST_DELIVERY_SECONDS, LAST_DELIVERY_REAL_SECONDS * this.aws.clock.speed);
      void stream.delete(seconds).finally(() => this.streams.delete(stream.name));
    }
    return {};
  }

  private update(input: Json): Json {
    const stream = this.get(input);
    if (input.CurrentDeliveryStreamVersionId !== String(stream.version)) {
      throw new AwsError(
        "ConcurrentModificationException",
        `Cannot update firehose: ${stream.name} since the current version id: ${stream.version} and specified version id: ${input.CurrentDeliveryStreamVersionId} do not match`,
      );
    }
    if (input.DestinationId !== stream.destinationId) {
      throw new AwsError("InvalidArgumentException", `Destination Id ${input.DestinationId} not found`);
    }
    stream.update(input);
    return {};
  }

  private change(input: Json, act: (stream: DeliveryStream) => void): Json {
    act(this.get(input));
    return {};
  }

  private get(input: Json): DeliveryStream {
    const name = nameOf(input);
    const stream = this.streams.get(name);
    if (stream) return stream;
    throw new AwsError("ResourceNotFoundException", `Firehose ${name} under account ${this.aws.accountId} not found.`);
  }
}

function parse(body: Buffer): Json {
  try {
    const input: unknown = JSON.parse(body.toString("utf8") || "{}");
    if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Json;
  } catch {
    // Said below.
  }
  throw new AwsError("SerializationException", "The request body must be a JSON object");
}

function nameOf(input: Json): string {
  const name = input.DeliveryStreamName;
  if (typeof name !== "string" || !/^[a-zA-Z0-9_.-]{1,64}$/.test(name)) {
    throw outOfRange(name ?? null, "deliveryStreamName", "satisfy regular expression pattern: [a-zA-Z0-9_.-]{1,64}");
  }
  return name;
}

function sourceOf(input: Json): KinesisSourceShape | undefined {
  const type = input.DeliveryStreamType ?? "DirectPut";
  if (type === "DirectPut") return undefined;
  if (type !== "KinesisStreamAsSource") {
    throw new AwsError("InvalidArgumentException", `The local AWS does not carry the source ${type}`);
  }
  const source = input.KinesisStreamSourceConfiguration as KinesisSourceShape | undefined;
  if (!source?.KinesisStreamARN || !source.RoleARN) {
    throw new AwsError(
      "InvalidArgumentException",
      "KinesisStreamSourceConfiguration with KinesisStreamARN and RoleARN is required for KinesisStreamAsSource",
    );
  }
  return { KinesisStreamARN: source.KinesisStreamARN, RoleARN: source.RoleARN };
}

function encryptionOf(input: unknown): EncryptionInput {
  const { KeyType = "AWS_OWNED_CMK", KeyARN } = (input ?? {}) as EncryptionInput;
  if (KeyType === "CUSTOMER_MANAGED_CMK" && !KeyARN) {
    throw new AwsError("InvalidArgumentException", "KeyARN is required with CUSTOMER_MANAGED_CMK");
  }
  return { KeyType, ...(KeyARN ? { KeyARN } : {}) };
}
