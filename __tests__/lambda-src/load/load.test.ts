import type { QueuedObject } from "../../../lambda-src/load/message";
import { BUCKET, KPIS, LEASE, START, World } from "./world";

const H = "kpis/2026/11/21/08";
let world: World;
beforeEach(() => {
  world = new World();
});

/** EventBridge's event of an object. */
function event({ key, version, bytes, sequencer }: QueuedObject, change: Record<string, unknown> = {}): string {
  const object = { key, size: bytes, "version-id": version, sequencer, etag: "e", ...change };
  return JSON.stringify({
    version: "0",
    source: "aws.s3",
    "detail-type": "Object Created",
    time: "2026-11-21T08:30:00Z",
    detail: { version: "0", bucket: { name: BUCKET }, object, reason: "PutObject" },
  });
}

describe("messages", () => {
  it("of EventBridge load their object, and are acknowledged", async () => {
    world.send(event(world.put(`${H}/a.csv`, ["a1"])));
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(["a1"]);
    expect(world.queue).toEqual([]);
    expect(tally.counts).toEqual({ copies: 1, loaded: 1, rows: 1, again: 0 });
  });

  it("of one object load it once, and are all acknowledged", async () => {
    const a = world.put(`${H}/a.csv`, ["a1"]);
    world.send(event(a), a, event(a));
    await world.deliver();
    world.send(a);
    await world.deliver();
    expect(world.values()).toEqual(["a1"]);
    expect(world.queue).toEqual([]);
  });

  it.each([
    ["no JSON", "x"],
    ["no object", "[]"],
    ["another event", JSON.stringify({ "detail-type": "Object Deleted", detail: {} })],
    [
      "an event without a key",
      JSON.stringify({ "detail-type": "Object Created", detail: { bucket: { name: BUCKET } } }),
    ],
    [
      "an object of another bucket",
      JSON.stringify({ redstream: "object", bucket: "other", key: "kpis/a", version: "v", bytes: 1 }),
    ],
    ["half of an object", JSON.stringify({ redstream: "object", bucket: BUCKET })],
  ])("of no known shape (%s) are never acknowledged: they end in the dead-letter queue", async (_, body) => {
    world.send(body);
    const { tally } = await world.deliver();
    expect(world.queue).toHaveLength(1);
    expect(world.ledger.size).toBe(0);
    expect(tally.counts.unreadable).toBe(1);
    expect(tally.notes).toHaveLength(1);
  });

  it("by which S3 tries a notification out are acknowledged: they tell of nothing", async () => {
    world.send(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: BUCKET, RequestId: "r" }));
    const { tally } = await world.deliver();
    expect([world.queue, world.ledger.size, tally.counts]).toEqual([[], 0, { ignored: 1, again: 0 }]);
  });

  it("about what the loader writes itself, or is told to leave, are acknowledged and nothing is put down", async () => {
    world.config = { ...world.config, ignoredPrefixes: [".redstream/", "errors/"] };
    world.send(world.put(".redstream/manifests/x", []), world.put("errors/kpis/x", []));
    await world.deliver();
    expect(world.queue).toEqual([]);
    expect(world.ledger.size).toBe(0);
  });
});

describe("keys", () => {
  it.each([
    ["with spaces and +", `${H}/a b+c.csv`, `${H}/a+b%2Bc.csv`],
    ["with quotes", `${H}/"a" 'b'.csv`, `${H}/%22a%22+%27b%27.csv`],
    ["of other letters", `${H}/Ωμ.csv`, `${H}/%CE%A9%CE%BC.csv`],
    ["with ..", `${H}/../a.csv`, `${H}/../a.csv`],
    ["with a lone %", `${H}/100%.csv`, `${H}/100%25.csv`],
  ])("%s load, whether the event has them URL-encoded or not", async (_, key, encoded) => {
    for (const form of [key, encoded]) {
      const fresh = new World();
      fresh.send(event(fresh.put(key, ["x"]), { key: form }));
      await fresh.deliver();
      expect(fresh.values()).toEqual(["x"]);
      expect(fresh.entry(key)?.state).toBe("loaded");
    }
  });

  it("that look like another one's encoding are taken for what they are", async () => {
    const plus = world.put(`${H}/a+b.csv`, ["plus"]);
    const space = world.put(`${H}/a b.csv`, ["space"]);
    world.send(event(plus), event(space));
    await world.deliver();
    expect(world.values()).toEqual(["plus", "space"]);
  });

  it.each([
    ["without a slash", "kpis.csv", "its key has no slash: the first part must name a table, one of kpis, events"],
    ["of no table", "kpi/a.csv", "its key's first part names no table of the list, which has kpis, events"],
    [
      "with SQL for a table",
      `kpis"; DROP TABLE x; --/f.csv`,
      "its key's first part names no table of the list, which has kpis, events",
    ],
    ["that climb", "../kpis/a.csv", "its key's first part names no table of the list, which has kpis, events"],
    ["in capitals", "KPIS/a.csv", "its key's first part names no table of the list, which has kpis, events"],
  ])("%s are set aside with the reason, and the rest loads", async (_, key, text) => {
    world.send(world.put(key, ["x"]), world.put(`${H}/a.csv`, ["a1"]));
    await world.deliver();
    expect(world.values()).toEqual(["a1"]);
    expect(world.queue).toEqual([]);
    expect(world.entry(key)).toMatchObject({
      state: "rejected",
      table: "?",
      reason: { text },
      rejectedAt: new Date(START).toISOString(),
    });
    expect(world.entry(key)?.expiresAt).toBeUndefined();
  });

  it("without the hour that their table asks for are set aside", async () => {
    world.send(world.put("events/a.json", ["x"]));
    await world.deliver();
    expect(world.entry("events/a.json")).toMatchObject({
      state: "rejected",
      table: "events",
      reason: {
        text: "its key names no hour: behind events/ must come YYYY/MM/DD/HH/ or year=YYYY/month=MM/day=DD/hour=HH/",
      },
    });
  });

  it("without an hour belong to the hour of LastModified", async () => {
    world.send(world.put("kpis/new_file.csv", ["x"]));
    world.now += 7_200_000;
    await world.deliver();
    expect(world.rows).toEqual([{ value: "x", table: "kpis", hour: "2026-11-21T08" }]);
  });
});

describe("an object", () => {
  it("that is empty is set aside", async () => {
    world.send({ ...world.put(`${H}/a.csv`, []), bytes: 0 });
    await world.deliver();
    expect(world.entry(`${H}/a.csv`)).toMatchObject({ state: "rejected", reason: { text: "the object is empty" } });
  });

  it("whose event names no version is set aside", async () => {
    world.send(event(world.put(`${H}/a.csv`, ["x"]), { "version-id": undefined }));
    await world.deliver();
    expect(world.entry(`${H}/a.csv`, "none")).toMatchObject({
      state: "rejected",
      reason: {
        text: "its event names no version: turn on versioning of the bucket and write the object again",
      },
    });
    expect(world.values()).toEqual([]);
  });

  it("that was overwritten is a new load; the event of the older one, late, is none", async () => {
    const old = world.put(`${H}/a.csv`, ["old"]);
    world.send(world.put(`${H}/a.csv`, ["new"]));
    await world.deliver();
    world.send(old);
    await world.deliver();
    expect(world.values()).toEqual(["new"]);
    expect(world.entry(`${H}/a.csv`, old.version)?.state).toBe("superseded");
    expect(world.copies).toHaveLength(1);
  });

  it("that was overwritten before its own event is left to the newer one's", async () => {
    const old = world.put(`${H}/a.csv`, ["old"]);
    const newer = world.put(`${H}/a.csv`, ["new"]);
    world.send(old);
    await world.deliver();
    expect(world.values()).toEqual([]);
    world.send(newer);
    await world.deliver();
    expect(world.values()).toEqual(["new"]);
  });

  it("that was loaded and then overwritten is loaded as well: each version is a load of its own", async () => {
    world.send(world.put(`${H}/a.csv`, ["old"]));
    await world.deliver();
    world.send(world.put(`${H}/a.csv`, ["new"]));
    await world.deliver();
    expect(world.values()).toEqual(["new", "old"]);
  });

  it("that was deleted before it was loaded is put down as superseded", async () => {
    const a = world.put(`${H}/a.csv`, ["a1"]);
    const b = world.put("kpis/b.csv", ["b1"]);
    world.bucket.clear();
    world.send(a, b, world.put(`${H}/c.csv`, ["c1"]));
    await world.deliver();
    await world.deliver();
    expect(world.values()).toEqual(["c1"]);
    expect([world.entry(a.key, a.version)?.state, world.entry(b.key, b.version)?.state]).toEqual([
      "superseded",
      "superseded",
    ]);
    expect(world.queue).toEqual([]);
  });

  it("overwritten while it is read is not loaded by halves: the rest is read again, without it", async () => {
    const [a, b] = [world.put(`${H}/a.csv`, ["a1"]), world.put(`${H}/b.csv`, ["b1"])];
    world.send(a, b);
    await world.deliver(async (call, when) => {
      if (call === "warehouse.stage" && when === "before" && world.bucket.get(a.key)!.length === 1)
        world.put(a.key, ["a2"]);
    });
    expect(world.values()).toEqual(["b1"]);
    expect(world.copies).toEqual([[a.key, b.key], [b.key]]);
  });
});

describe("batches", () => {
  it("are of one table and one hour, in the order of keys", async () => {
    world.send(
      world.put(`${H}/b.csv`, ["b"]),
      world.put("events/2026/11/21/08/a.json", ["e"]),
      world.put(`${H}/a.csv`, ["a"]),
      world.put("kpis/year=2026/month=11/day=21/hour=08/c.csv", ["c"]),
      world.put("kpis/2026/11/21/09/d.csv", ["d"]),
    );
    await world.deliver();
    expect(world.copies.map((keys) => keys.map((key) => key.split("/").at(-1))).sort()).toEqual([
      ["a.csv", "b.csv", "c.csv"],
      ["a.json"],
      ["d.csv"],
    ]);
  });

  it("have as many files and bytes as they may", async () => {
    world.config = { ...world.config, maxFiles: 3, maxBytes: 250 };
    world.send(...["a", "b", "c", "d", "e"].map((name) => world.put(`${H}/${name}.csv`, [name])));
    await world.deliver();
    expect(world.copies.map((keys) => keys.length)).toEqual([2, 2, 1]);
    expect(world.values()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("of 10,000 files are one COPY each thousand, two writes and one read of the ledger a file", async () => {
    const calls: Record<string, number> = {};
    world.send(...Array.from({ length: 10_000 }, (_, n) => world.put(`${H}/${n}.csv`, [`${n}`])));
    await world.deliver(async (call, when) => {
      if (when === "before") calls[call] = (calls[call] ?? 0) + 1;
    });
    expect(world.rows).toHaveLength(10_000);
    expect(calls).toMatchObject({
      "ledger.versionsOf": 10_000,
      "ledger.swap": 20_000,
      "objects.head": 10_000,
      "objects.writeManifest": 10,
      "warehouse.stage": 10,
      "warehouse.commit": 10,
      "warehouse.outcome": 10,
    });
  });
});

describe("a bad file", () => {
  it("is set aside with line, column and reason, and the rest loads with one COPY more", async () => {
    world.send(
      ...["a", "b", "c"].map((name) => world.put(`${H}/${name}.csv`, [name])),
      world.put(`${H}/bad.csv`, ["x"], "named"),
    );
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(["a", "b", "c"]);
    expect(world.copies).toHaveLength(2);
    expect(world.entry(`${H}/bad.csv`)).toMatchObject({
      state: "rejected",
      table: "kpis",
      reason: { line: 3, column: "value", text: "Invalid digit" },
    });
    expect(tally.counts).toMatchObject({ loaded: 3, rejected: 1, rows: 3 });
  });

  it("that the warehouse does not name is found by halves", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    world.send(...names.map((name) => world.put(`${H}/${name}.csv`, [name], name === "e" ? "unnamed" : undefined)));
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(names.filter((name) => name !== "e"));
    expect(world.entry(`${H}/e.csv`)).toMatchObject({
      state: "rejected",
      reason: { text: "Load into table 'redstream_stage' failed" },
    });
    expect(tally.counts.copies).toBeLessThan(8);
    expect(world.queue).toEqual([]);
  });

  it("that fails for an unknown reason comes again, alone; the rest loads", async () => {
    const names = ["a", "b", "c", "d", "e"];
    world.send(...names.map((name) => world.put(`${H}/${name}.csv`, [name], name === "c" ? "unknown" : undefined)));
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(["a", "b", "d", "e"]);
    expect(world.queue).toHaveLength(1);
    expect(world.entry(`${H}/c.csv`)).toMatchObject({ state: "loading", leaseUntil: 0 });
    expect(tally.notes).toEqual(["something went wrong"]);
  });

  it("is not thought of when every file fails for an unknown reason: all come again, after few COPYs", async () => {
    world.send(...Array.from({ length: 64 }, (_, n) => world.put(`${H}/${n}.csv`, ["x"], "unknown")));
    await world.deliver();
    expect(world.queue).toHaveLength(64);
    expect(world.copies.length).toBeLessThan(10);
    expect([...world.ledger.values()].every(({ leaseUntil }) => leaseUntil === 0)).toBe(true);
  });

  it("is tried again by retry, and by nothing else", async () => {
    const bad = world.put(`${H}/bad.csv`, ["x"], "named");
    world.send(bad);
    await world.deliver();
    world.send(bad);
    await world.deliver();
    expect(world.copies).toHaveLength(1);
    world.bucket.set(bad.key, [{ version: bad.version, modified: new Date(START), rows: ["x"] }]);
    world.send({ ...bad, retry: true });
    await world.deliver();
    expect(world.values()).toEqual(["x"]);
    expect(world.entry(bad.key)).toMatchObject({ state: "loaded" });
    expect(world.entry(bad.key)?.reason).toBeUndefined();
    expect(world.entry(bad.key)?.rejectedAt).toBeUndefined();
    world.send({ ...bad, retry: true });
    await world.deliver();
    expect(world.values()).toEqual(["x"]);
  });

  it("that was written anew, or deleted, is set aside no more once it is tried again", async () => {
    const bad = world.put(`${H}/a.csv`, ["bad"], "named");
    const deleted = world.put("kpis/b.csv", ["bad"], "named");
    world.send(bad, deleted);
    await world.deliver();
    world.send(world.put(`${H}/a.csv`, ["good"]));
    world.bucket.delete("kpis/b.csv");
    await world.deliver();
    world.send({ ...bad, retry: true }, { ...deleted, retry: true });
    await world.deliver();
    expect([world.values(), world.queue]).toEqual([["good"], []]);
    for (const { key, version } of [bad, deleted]) {
      const { state, rejectedAt, reason } = world.entry(key, version)!;
      expect([state, rejectedAt, reason]).toEqual(["superseded", undefined, undefined]);
    }
  });

  it("that names no table loads by retry once its table is on the list", async () => {
    const other = world.put("other/a.csv", ["o"]);
    world.send(other);
    await world.deliver();
    world.config = { ...world.config, tables: [KPIS, { ...KPIS, name: "other" }] };
    world.send({ ...other, retry: true });
    await world.deliver();
    expect(world.values("other")).toEqual(["o"]);
  });
});

describe("when something is away", () => {
  it("the warehouse: nothing is lost, and nobody waits for a lease", async () => {
    world.send(world.put(`${H}/a.csv`, ["a1"]));
    await world.deliver(async (call) => {
      if (call.startsWith("warehouse")) throw new Error("ERROR: connection refused");
    });
    expect(world.queue).toHaveLength(1);
    await world.deliver();
    expect(world.values()).toEqual(["a1"]);
  });

  it("the ledger, for one object: the others of its hour come again with it, none is lost", async () => {
    world.send(world.put(`${H}/a.csv`, ["a1"]), world.put(`${H}/b.csv`, ["b1"]));
    let writes = 0;
    const { tally } = await world.deliver(async (call, when) => {
      if (call === "ledger.swap" && when === "after" && ++writes === 2) throw new Error("throttled");
    });
    expect(tally.notes).toEqual(["throttled"]);
    world.now += LEASE + 1;
    await world.deliver();
    expect(world.values()).toEqual(["a1", "b1"]);
  });

  it("S3's word about one object: the others of its batch are loaded, and it comes again", async () => {
    world.send(...["a", "b", "c"].map((name) => world.put(`${H}/${name}.csv`, [name])));
    const events = world.queue;
    let headed = 0;
    await world.deliver(async (call, when) => {
      if (call === "objects.head" && when === "before" && ++headed === 2)
        throw new Error('S3 answers 403 to HEAD of "kpis/b"');
    });
    expect(world.values()).toHaveLength(2);
    expect(world.queue).toHaveLength(1);
    expect(world.copies.map((keys) => keys.length)).toEqual([3, 2]);
    await world.deliver();
    expect([world.values(), world.queue]).toEqual([["a", "b", "c"], []]);
    world.queue = events;
    await world.deliver();
    expect(world.values()).toEqual(["a", "b", "c"]);
  });

  it("S3's word about every object: all come again, after one COPY", async () => {
    world.send(...["a", "b", "c"].map((name) => world.put(`${H}/${name}.csv`, [name])));
    await world.deliver(async (call) => {
      if (call === "objects.head") throw new Error("S3 answers 503");
    });
    expect([world.values(), world.queue.length, world.copies.length]).toEqual([[], 3, 1]);
    await world.deliver();
    expect(world.values()).toEqual(["a", "b", "c"]);
  });

  it("the right to read one object: the others are loaded, and it comes again", async () => {
    world.send(
      world.put(`${H}/a.csv`, ["a"]),
      world.put(`${H}/b.csv`, ["b"], "locked"),
      world.put(`${H}/c.csv`, ["c"]),
    );
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(["a", "c"]);
    expect(world.entry(`${H}/b.csv`)).toMatchObject({ state: "loading", leaseUntil: 0 });
    expect(world.queue).toHaveLength(1);
    expect(tally.notes).toEqual([expect.stringContaining("AccessDenied. Key being read: s3://files/kpis/")]);
  });

  it("the right to read every object: all come again, after few COPYs", async () => {
    world.send(...Array.from({ length: 50 }, (_, n) => world.put(`${H}/${n}.csv`, [`${n}`], "locked")));
    await world.deliver();
    expect(world.queue).toHaveLength(50);
    expect(world.copies).toHaveLength(5);
  });

  it("the time: what is not begun comes again, and its claims are given back", async () => {
    world.send(world.put(`${H}/a.csv`, ["a1"]), world.put(`${H}/b.csv`, ["b1"], "unnamed"));
    let left = 3;
    await world.deliver(undefined, undefined, () => left--);
    expect(world.queue.length).toBeGreaterThan(0);
    await world.deliver();
    expect(world.values()).toEqual(["a1"]);
    expect(world.queue).toEqual([]);
  });

  it("a worker: its files are not touched before its lease is over, then taken over", async () => {
    world.send(world.put(`${H}/a.csv`, ["a1"]));
    await world.deliver(async (call) => {
      if (call === "warehouse.stage") throw new Error("killed");
      if (world.copies.length === 0 && call === "ledger.swap" && [...world.ledger.values()].length > 0)
        throw new Error("killed");
    });
    const entry = world.entry(`${H}/a.csv`)!;
    world.ledger.set(`${entry.object} ${entry.version}`, { ...entry, loadId: "x", leaseUntil: START + LEASE });
    await world.deliver();
    expect(world.queue).toHaveLength(1);
    world.now += LEASE;
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(["a1"]);
    expect(tally.counts.loaded).toBe(1);
    expect(world.loads.get("x")?.outcome).toEqual({ state: "abandoned" });
  });

  it("a worker between commit and ledger: its load is recognised, and marked", async () => {
    world.send(world.put(`${H}/a.csv`, ["a1"]));
    let dead = false;
    await world.deliver(async (call, when) => {
      if (call === "warehouse.commit" && when === "after") dead = true;
      if (dead) throw new Error("killed");
    });
    world.now += LEASE + 1;
    const { tally } = await world.deliver();
    expect(world.values()).toEqual(["a1"]);
    expect(tally.counts).toEqual({ recovered: 1, again: 0 });
    expect(world.entry(`${H}/a.csv`)).toMatchObject({ state: "loaded" });
  });

  it.each([
    ["before its commit", "before", [], "superseded"],
    ["after it", "after", ["a1"], "loaded"],
  ] as const)(
    "a worker, %s, and the object is deleted: it is put down as what became of it",
    async (_, when, rows, state) => {
      for (const key of ["kpis/a.csv", `${H}/a.csv`]) {
        const fresh = new World();
        const a = fresh.put(key, ["a1"]);
        fresh.send(a);
        let dead = false;
        await fresh.deliver(async (call, at) => {
          dead ||= call === "warehouse.commit" && at === when;
          if (dead) throw new Error("killed");
        });
        fresh.bucket.clear();
        await fresh.deliver();
        expect(fresh.queue).toHaveLength(1);
        fresh.now += LEASE + 1;
        await fresh.deliver();
        expect([fresh.values(), fresh.entry(key, a.version)?.state, fresh.queue]).toEqual([rows, state, []]);
      }
    },
  );

  it("a table of the list: a load of it that is open is neither taken for loaded nor for lost", async () => {
    const a = world.put(`${H}/a.csv`, ["a1"]);
    world.send(a);
    await world.deliver(async (call) => {
      if (call === "warehouse.commit") throw new Error("killed");
    });
    world.config = { ...world.config, tables: world.config.tables.filter(({ name }) => name !== "kpis") };
    world.now += LEASE + 1;
    const { tally } = await world.deliver();
    expect(world.queue).toHaveLength(1);
    expect(tally.notes[0]).toMatch(/^table kpis is not on the list any more, and load .* of it is open$/);
  });
});

it("finished entries are forgotten after the days that were asked for", async () => {
  world.send(world.put(`${H}/a.csv`, ["a1"]));
  await world.deliver();
  expect(world.entry(`${H}/a.csv`)?.expiresAt).toBe(START / 1000 + 90 * 86_400);
});
