import type { IncomingMessage } from "node:http";
import { AwsError, type Caller } from "../../../../local/gateway/types";
import { type FakeAnswer, FakeEndpoint } from "../../../support/fake-aws";

/** How the fake Firehose treats one PutRecordBatch: takes all, refuses the records at these places, or answers 500. */
type Answer = "take" | readonly number[] | "fail";

/** The few calls a job makes: Kinesis reading, Firehose putting and S3 getting, in memory, on one HTTP endpoint. */
export class FakeAws extends FakeEndpoint {
  /** Records by shard. */
  readonly shards: Record<string, (string | Buffer)[]> = { "shard-0": [] };
  /** Data of the records taken, in order. */
  readonly delivered: string[] = [];
  /** Sizes of the batches as they came. */
  readonly batches: number[] = [];
  /** Answers to the next batches; then all are taken. */
  readonly answers: Answer[] = [];
  readonly objects = new Set(["code/runner.jar"]);
  /** Roles and principals that clients were made for. */
  readonly assumed: string[] = [];
  readonly authorized: string[] = [];
  denied: string | undefined;

  protected readonly authorize = async (_: Caller | undefined, action: string, resource: string) => {
    this.authorized.push(`${action} ${resource}`);
    if (action === this.denied) throw new AwsError("AccessDeniedException", `not allowed: ${action}`);
  };

  protected override onAssume(role: string, principal: string, source: string | undefined): void {
    this.assumed.push(`${role} ${principal} ${source}`);
  }

  protected answer(request: IncomingMessage, body: Buffer): FakeAnswer {
    const target = String(request.headers["x-amz-target"] ?? "");
    if (target === "") {
      const found = this.objects.has(new URL(request.url ?? "", "http://x").pathname.slice(1));
      return {
        status: found ? 206 : 404,
        body: found ? "P" : "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>",
      };
    }
    const action = target.split(".")[1] ?? "";
    const input = JSON.parse(body.toString());
    if (action === "PutRecordBatch") return this.put(input.Records.map(({ Data }: { Data: string }) => Data));
    return { status: 200, body: JSON.stringify(this.kinesis(action, input)) };
  }

  // biome-ignore lint/suspicious/noExplicitAny: request documents
  private kinesis(action: string, input: any): unknown {
    if (action === "ListShards") return { Shards: Object.keys(this.shards).map((ShardId) => ({ ShardId })) };
    if (action === "GetShardIterator") {
      const from =
        input.ShardIteratorType === "TRIM_HORIZON"
          ? 0
          : input.ShardIteratorType === "LATEST"
            ? (this.shards[input.ShardId]?.length ?? 0)
            : Number(input.StartingSequenceNumber) + 1;
      return { ShardIterator: `${input.ShardId}:${from}` };
    }
    const [shard = "", from = "0"] = input.ShardIterator.split(":");
    // Ten at a time, so that a stream of some dozens takes several reads.
    const records = (this.shards[shard] ?? []).slice(Number(from), Number(from) + 10);
    return {
      Records: records.map((data, i) => ({
        Data: Buffer.from(data).toString("base64"),
        SequenceNumber: String(Number(from) + i),
        PartitionKey: "k",
      })),
      NextShardIterator: `${shard}:${Number(from) + records.length}`,
      MillisBehindLatest: 0,
    };
  }

  private put(records: string[]): FakeAnswer {
    this.batches.push(records.length);
    const answer = this.answers.shift() ?? "take";
    if (answer === "fail")
      return { status: 500, body: JSON.stringify({ __type: "InternalFailure", message: "broken" }) };
    const refused = answer === "take" ? [] : answer;
    const responses = records.map((data, i) => {
      if (refused.includes(i)) return { ErrorCode: "ServiceUnavailableException", ErrorMessage: "slow down" };
      this.delivered.push(Buffer.from(data, "base64").toString());
      return { RecordId: String(i) };
    });
    return { status: 200, body: JSON.stringify({ FailedPutCount: refused.length, RequestResponses: responses }) };
  }
}

/** Resolves when `condition` holds. Jest's own time limit ends a wait without end. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
