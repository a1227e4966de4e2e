import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Clock } from "../../../../local/clock";
import { AwsError, type Caller, type LocalAws } from "../../../../local/gateway/types";
import { Meter } from "../../../../local/meter";

/** How the fake Firehose treats one PutRecordBatch: takes all, refuses the records at these places, or answers 500. */
type Answer = "take" | readonly number[] | "fail";

/** The few calls a job makes: Kinesis reading, Firehose putting and S3 getting, in memory, on one HTTP endpoint. */
export class FakeAws {
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
  readonly meter = new Meter();
  private server!: Server;

  async listen(): Promise<LocalAws> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body } = this.answer(request, Buffer.concat(chunks));
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(body);
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const client = {
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      forcePathStyle: true as const,
      maxAttempts: 1,
    };
    return {
      endpoint,
      region: "us-east-1",
      accountId: "000000000000",
      folder: "",
      clock: new Clock(1),
      meter: this.meter,
      internal: client,
      as: (role, principal, source) => {
        this.assumed.push(`${role} ${principal} ${source}`);
        return client;
      },
      authorize: async (_: Caller | undefined, action, resource) => {
        this.authorized.push(`${action} ${resource}`);
        if (action === this.denied) throw new AwsError("AccessDeniedException", `not allowed: ${action}`);
      },
      connect: () => Promise.reject(new Error("no warehouse here")),
    };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(request: IncomingMessage, body: Buffer): { status: number; body: string } {
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

  private put(records: string[]): { status: number; body: string } {
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
