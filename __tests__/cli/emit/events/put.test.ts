import type { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { putAll, type StreamRecord } from "../../../../cli/emit/events";

/** A shard: what it took, in order. `answers` says per request which places fail, or throws. */
function stream(answers: readonly (readonly number[] | Error)[] = []) {
  const requests: string[][] = [];
  const taken: string[] = [];
  const send = async ({ input }: PutRecordsCommand) => {
    const records = input.Records!.map(({ Data }) => Buffer.from(Data!).toString());
    const failed = answers[requests.length] ?? [];
    requests.push(records);
    if (failed instanceof Error) throw failed;
    return {
      Records: records.map((record, place) => {
        if (failed.includes(place))
          return { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow" };
        taken.push(record);
        return { SequenceNumber: String(taken.length), ShardId: "s" };
      }),
    };
  };
  return { requests, taken, client: { send } as unknown as KinesisClient };
}

const record = (key: string, n: number): StreamRecord => ({ key, data: Buffer.from(`${key}${n}`) });
let time = 0;
const timer = {
  now: () => time,
  sleep: async (ms: number) => {
    time += ms;
  },
};

const put = (to: ReturnType<typeof stream>, records: readonly StreamRecord[], more: object = {}) =>
  putAll({ client: to.client, stream: "events", records, count: records.length, timer, ...more });

describe("putting events", () => {
  it("sends again what a request did not take, and only that", async () => {
    const to = stream([[1]]);
    const result = await put(to, [record("a", 1), record("b", 1), record("c", 1)]);
    expect(to.requests).toEqual([["a1", "b1", "c1"], ["b1"]]);
    expect(result).toMatchObject({ sent: 3, accepted: 3, retried: 1, lost: 0, unknown: 0 });
  });

  it("keeps the order of each key, also when its first record fails twice", async () => {
    const to = stream([[0], [0]]);
    await put(to, [record("a", 1), record("a", 2), record("b", 1), record("a", 3), record("b", 2)]);
    const of = (key: string) => to.taken.filter((one) => one.startsWith(key));
    expect([of("a"), of("b")]).toEqual([
      ["a1", "a2", "a3"],
      ["b1", "b2"],
    ]);
  });

  it("has no two records of one key in a request, which would change places when the first fails", async () => {
    const to = stream();
    await put(to, [record("a", 1), record("a", 2), record("b", 1)]);
    expect(to.requests).toEqual([["a1", "b1"], ["a2"]]);
  });

  it("takes at most 500 records and 5 MiB a request", async () => {
    const many = stream();
    await put(
      many,
      Array.from({ length: 501 }, (_, n) => record(`k${n}-`, 1)),
    );
    expect(many.requests.map(({ length }) => length)).toEqual([500, 1]);
    const large = stream();
    const data = Buffer.alloc(1024 * 1024 - 2, "x");
    await put(
      large,
      Array.from({ length: 6 }, (_, n) => ({ key: `k${n}`, data })),
    );
    expect(large.requests.map(({ length }) => length)).toEqual([5, 1]);
  });

  it("gives a record up after its tries, and says why the first was", async () => {
    const to = stream([[0], [0], [0]]);
    const result = await put(to, [record("a", 1), record("b", 1)], { attempts: 3 });
    expect(result).toMatchObject({
      accepted: 1,
      lost: 1,
      retried: 2,
      firstFailure: "ProvisionedThroughputExceededException: slow",
    });
  });

  it("counts records of a request whose answer was cut as perhaps taken, and sends them again", async () => {
    const to = stream([new Error("socket hang up")]);
    expect(await put(to, [record("a", 1)])).toMatchObject({ accepted: 1, retried: 1, unknown: 1 });
  });

  it("counts those of a throttled request as not taken", async () => {
    const throttled = Object.assign(new Error("slow"), {
      name: "ThrottlingException",
      $metadata: { httpStatusCode: 400 },
    });
    expect(await put(stream([throttled]), [record("a", 1)])).toMatchObject({ accepted: 1, retried: 1, unknown: 0 });
  });

  it("stops at what the next try would hear again: no stream, no right", async () => {
    const none = Object.assign(new Error("Stream events not found"), {
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 400 },
    });
    await expect(put(stream([none]), [record("a", 1)])).rejects.toThrow("Stream events not found");
  });

  it("sends no faster than it is told to", async () => {
    time = 0;
    await put(
      stream(),
      Array.from({ length: 100 }, (_, n) => record(`k${n}-`, 1)),
      { rate: 50 },
    );
    // The last tenth of a second of records goes when its turn comes, not when it is over.
    expect(time).toBeGreaterThanOrEqual(1800);
    expect(time).toBeLessThanOrEqual(2000);
  });

  it("begins nothing more once it is told to stop", async () => {
    const to = stream();
    const stop = new AbortController();
    stop.abort();
    expect(await put(to, [record("a", 1)], { signal: stop.signal })).toMatchObject({ sent: 0, accepted: 0 });
    expect(to.requests).toEqual([]);
  });
});
