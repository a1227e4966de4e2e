import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Entry } from "../../../lambda-src/load/entry";
import type { QueuedObject } from "../../../lambda-src/load/message";
import { readEnv } from "../../../lambda-src/sweep-bucket/config";
import { sendAll } from "../../../lambda-src/sweep-bucket/send";
import { type Found, type SweepPorts, sweepPage } from "../../../lambda-src/sweep-bucket/sweep";

const NOW = Date.parse("2026-11-21T08:30:00Z");
const RULES = {
  bucket: "files",
  lookbackMilliseconds: 7 * 86_400_000,
  minAgeMilliseconds: 900_000,
  ignoredPrefixes: [".redstream/"],
};
const found = (key: string, change: Partial<Found> = {}): Found => ({
  key,
  version: "v1",
  bytes: 5,
  modified: new Date(NOW - 3_600_000),
  latest: true,
  ...change,
});
const entry = (key: string, change: Partial<Entry> = {}): Entry => ({
  object: `files/${key}`,
  version: "v1",
  state: "loaded",
  table: "kpis",
  bytes: 5,
  ...change,
});

/** Sweeps one page of these versions beside this ledger; answers the queued keys. */
async function sweep(versions: readonly Found[], ledger: readonly Entry[] = []) {
  const sent: QueuedObject[] = [];
  const ports: SweepPorts = {
    list: async () => ({ versions }),
    entries: async (keys) => ledger.filter(({ object }) => keys.some((key) => key.object === object)),
    send: async (messages) => void sent.push(...messages),
    now: () => new Date(NOW),
  };
  const state = await sweepPage(ports, RULES, {});
  return { state, sent, keys: sent.map(({ key }) => key) };
}

describe("the sweep queues", () => {
  it("what the ledger does not know, as the loader reads it", async () => {
    const { sent, state } = await sweep([found("kpis/a b+c.csv")]);
    expect(sent).toEqual([{ redstream: "object", bucket: "files", key: "kpis/a b+c.csv", version: "v1", bytes: 5 }]);
    expect(state).toEqual({ listed: 1, queued: 1 });
  });

  it("what a worker left: given back, or its lease is over", async () => {
    const ledger = [
      entry("kpis/back", { state: "loading", leaseUntil: 0 }),
      entry("kpis/over", { state: "loading", leaseUntil: NOW }),
      entry("kpis/live", { state: "loading", leaseUntil: NOW + 1 }),
    ];
    expect(
      (
        await sweep(
          ledger.map(({ object }) => found(object.slice(6))),
          ledger,
        )
      ).keys,
    ).toEqual(["kpis/back", "kpis/over"]);
  });

  it.each(["loaded", "rejected", "superseded"] as const)("nothing that is %s", async (state) => {
    expect((await sweep([found("kpis/a")], [entry("kpis/a", { state })])).keys).toEqual([]);
  });

  it("another version of a key that is loaded", async () => {
    expect((await sweep([found("kpis/a", { version: "v2" })], [entry("kpis/a")])).keys).toEqual(["kpis/a"]);
  });

  it("no older version, nothing of the loader's own, nothing that is too old or so young that its event is on its way", async () => {
    const versions = [
      found("kpis/overwritten", { latest: false }),
      found(".redstream/manifests/x"),
      found("kpis/old", { modified: new Date(NOW - 8 * 86_400_000) }),
      found("kpis/young", { modified: new Date(NOW - 899_000) }),
      found("kpis/due", { modified: new Date(NOW - 900_000) }),
    ];
    expect((await sweep(versions)).keys).toEqual(["kpis/due"]);
  });
});

it("the sweep goes on where the page ended, and counts what came before", async () => {
  const next = { keyMarker: "kpis/a", versionIdMarker: "v1" };
  let from: unknown;
  const ports: SweepPorts = {
    list: async (continuation) => {
      from = continuation;
      return { versions: [found("kpis/b")], next };
    },
    entries: async () => [],
    send: async () => {},
    now: () => new Date(NOW),
  };
  const before = { keyMarker: "kpis", versionIdMarker: "v0" };
  expect(await sweepPage(ports, RULES, { continuation: before, listed: 1000, queued: 2 })).toEqual({
    continuation: next,
    listed: 1001,
    queued: 3,
  });
  expect(from).toEqual(before);
});

describe("messages", () => {
  const message = (n: number): QueuedObject => ({
    redstream: "object",
    bucket: "files",
    key: `k${n}`,
    version: "v",
    bytes: 1,
  });
  let calls: string[][];
  /** A queue that refuses the first entry of each call as often as told. */
  const queue = (refusals: number) => {
    calls = [];
    let left = refusals;
    return {
      send: async ({ input }: { input: { Entries: { Id: string; MessageBody: string }[] } }) => {
        calls.push(input.Entries.map(({ MessageBody }) => JSON.parse(MessageBody).key));
        const [first] = input.Entries;
        return left-- > 0 ? { Failed: [{ Id: first!.Id, Code: "InternalError", Message: "sorry" }] } : {};
      },
    } as unknown as SQSClient;
  };

  it("go ten at a time", async () => {
    await sendAll(
      queue(0),
      "url",
      Array.from({ length: 23 }, (_, n) => message(n)),
    );
    expect(calls.map(({ length }) => length)).toEqual([10, 10, 3]);
  });

  it("that the queue refuses are sent again, alone", async () => {
    await sendAll(queue(1), "url", [message(0), message(1)]);
    expect(calls).toEqual([["k0", "k1"], ["k0"]]);
  });

  it("that it keeps refusing fail the step, so that it is done again", async () => {
    await expect(sendAll(queue(99), "url", [message(0)])).rejects.toThrow(
      "the queue refused 1 messages: InternalError sorry",
    );
    expect(calls).toHaveLength(5);
  });
});

describe("its environment", () => {
  const ENV = { BUCKET: "files", LEDGER_TABLE: "ledger", QUEUE_URL: "url" };
  it("has its defaults", () => {
    expect(readEnv(ENV)).toEqual({ ...RULES, ledgerTable: "ledger", queueUrl: "url" });
  });

  it("says what is missing", () => {
    expect(() => readEnv({ BUCKET: "files" })).toThrow(
      "sweep-bucket: set LEDGER_TABLE, QUEUE_URL in the function's environment",
    );
  });
});
