import { plan, thaw } from "../../../lambda-src/replay/plan";
import { drain, killedAt, loader, problemsIn, shuffled, type Worker } from "../load/explorer";
import { World } from "../load/world";

const H = "kpis/2026/11/21/08";
const HOUR = "2026-11-21T08";
const NEXT = "2026-11-21T09";

/** Two hours that are loaded. */
async function loaded(): Promise<World> {
  const world = new World();
  world.send(
    world.put(`${H}/a.csv`, ["a1", "a2"]),
    world.put(`${H}/b.csv`, ["b1"]),
    world.put("kpis/2026/11/21/09/c.csv", ["c1"]),
  );
  await world.deliver();
  return world;
}
const REQUEST = { table: "kpis", from: HOUR, to: "2026-11-21T10" };

describe("a replay", () => {
  it("leaves the same rows, however often it is done", async () => {
    const world = await loaded();
    const before = world.values();
    for (let time = 0; time < 3; time += 1) {
      expect(await world.replay([HOUR, NEXT])).toMatchObject({ hours: [], loaded: { hours: 2, files: 3, rows: 4 } });
      expect(world.values()).toEqual(before);
    }
  });

  it("replaces the rows of files that were written anew, and adds none", async () => {
    const world = await loaded();
    world.put(`${H}/a.csv`, ["a1 mended", "a2 mended"]);
    await world.replay([HOUR]);
    expect(world.values()).toEqual(["a1 mended", "a2 mended", "b1", "c1"]);
  });

  it("replaces them too where a loader has added the new version's rows beside the old one's", async () => {
    const world = await loaded();
    world.send(world.put(`${H}/a.csv`, ["a1 mended", "a2 mended"]));
    await world.deliver();
    expect(world.values()).toEqual(["a1", "a1 mended", "a2", "a2 mended", "b1", "c1"]);
    for (let time = 0; time < 2; time += 1) {
      await world.replay([HOUR]);
      expect(world.values()).toEqual(["a1 mended", "a2 mended", "b1", "c1"]);
    }
  });

  it("does not take a version that it replaced for a file that is missing later", async () => {
    const world = await loaded();
    const first = world.bucket.get(`${H}/a.csv`)![0]!.version;
    world.send(world.put(`${H}/a.csv`, ["a3"]));
    await world.deliver();
    await world.replay([HOUR]);
    expect(world.entry(`${H}/a.csv`, first)?.state).toBe("superseded");
    world.bucket.delete(`${H}/b.csv`);
    await expect(world.replay([HOUR])).rejects.toThrow("2 files were loaded into kpis and 1 are listed");
  });

  it("refuses an hour in which one file was written anew and another is gone", async () => {
    const world = await loaded();
    world.send(world.put(`${H}/a.csv`, ["a3"]));
    await world.deliver();
    world.bucket.delete(`${H}/b.csv`);
    await expect(world.replay([HOUR])).rejects.toThrow(
      "2026-11-21T08: 3 files were loaded into kpis and 1 are listed; with --allow-missing the rows of the others are lost",
    );
  });

  it("loads a file that no event told of, and its late event loads nothing", async () => {
    const world = await loaded();
    const late = world.put(`${H}/d.csv`, ["d1"]);
    await world.replay([HOUR]);
    world.send(late);
    await world.deliver();
    expect(world.values()).toEqual(["a1", "a2", "b1", "c1", "d1"]);
    expect(world.queue).toEqual([]);
  });

  it("starts an hour again when a loader has added to it meanwhile", async () => {
    const world = await loaded();
    const work = world.replay([HOUR], async (call, when) => {
      if (call !== "warehouse.commit" || when !== "before" || world.bucket.has(`${H}/d.csv`)) return;
      world.send(world.put(`${H}/d.csv`, ["d1"]));
      await world.deliver();
    });
    expect(await work).toMatchObject({ hours: [], loaded: { files: 3 } });
    expect(world.values()).toEqual(["a1", "a2", "b1", "c1", "d1"]);
  });

  it("starts an hour again when a file is overwritten meanwhile", async () => {
    const world = await loaded();
    await world.replay([HOUR], async (call, when) => {
      if (call === "warehouse.stage" && when === "after" && world.bucket.get(`${H}/a.csv`)!.length === 1)
        world.put(`${H}/a.csv`, ["a3"]);
    });
    expect(world.values()).toEqual(["a3", "b1", "c1"]);
  });

  it("waits for a loader that is at one of its files", async () => {
    const world = await loaded();
    world.send(world.put(`${H}/d.csv`, ["d1"]));
    const stopped = killedAt(12);
    await world.deliver(stopped);
    expect(world.entry(`${H}/d.csv`)?.state).toBe("loading");
    expect(await world.replay([HOUR])).toMatchObject({ hours: [HOUR], wait: 30 });
  });

  it("keeps the rows of an hour without objects", async () => {
    const world = await loaded();
    world.bucket.delete("kpis/2026/11/21/09/c.csv");
    expect(await world.replay([NEXT])).toMatchObject({ hours: [], loaded: { hours: 0 } });
    expect(world.values()).toContain("c1");
  });

  it("refuses an hour with fewer files than were loaded, unless told that some may be missing", async () => {
    const world = await loaded();
    world.bucket.delete(`${H}/b.csv`);
    await expect(world.replay([HOUR])).rejects.toThrow(
      "2026-11-21T08: 2 files were loaded into kpis and 1 are listed; with --allow-missing the rows of the others are lost",
    );
    expect(world.values()).toContain("b1");
    await world.replay([HOUR], undefined, true);
    expect(world.values()).toEqual(["a1", "a2", "c1"]);
  });

  it("refuses an hour whose file cannot be loaded any more, and with leave sets it aside", async () => {
    const world = await loaded();
    world.put(`${H}/b.csv`, ["b1"], "named");
    await expect(world.replay([HOUR])).rejects.toThrow(
      `2026-11-21T08: 1 files cannot be loaded (${H}/b.csv line 3 column value: Invalid digit). Its rows stay as they are; with --allow-missing these files are set aside`,
    );
    expect(world.values()).toEqual(["a1", "a2", "b1", "c1"]);
    await world.replay([HOUR], undefined, true);
    expect(world.values()).toEqual(["a1", "a2", "c1"]);
    expect(world.entry(`${H}/b.csv`)).toMatchObject({
      state: "rejected",
      reason: { text: "Invalid digit", line: 3, column: "value" },
    });
  });

  it("leaves files that are set aside to retry", async () => {
    const world = await loaded();
    world.send(world.put(`${H}/bad.csv`, ["bad"], "named"));
    await world.deliver();
    expect(await world.replay([HOUR])).toMatchObject({ loaded: { files: 2 } });
    expect(world.entry(`${H}/bad.csv`)?.state).toBe("rejected");
  });

  it("refuses an hour whose files are archived", async () => {
    const world = await loaded();
    world.cold.add(`${H}/a.csv`);
    await expect(world.replay([HOUR])).rejects.toThrow(
      `2026-11-21T08: 1 files are archived, such as ${H}/a.csv; start the replay again`,
    );
  });

  it("that is killed at any moment leaves the old rows or the new ones, and can be done again", async () => {
    let moments = 0;
    for (let at = 1; ; at += 1) {
      const world = await loaded();
      const late = world.put(`${H}/d.csv`, ["d1"]);
      const stopped = killedAt(at);
      await world.replay([HOUR], stopped).catch(() => {});
      if (!stopped.happened()) break;
      moments += 1;
      const old = ["a1", "a2", "b1", "c1"];
      expect([old, [...old, "d1"]]).toContainEqual(world.values());
      world.send(late);
      await drain(world, at % 2 === 0);
      expect({ at, problems: problemsIn(world) }).toEqual({ at, problems: [] });
      world.now += 900_001;
      expect(await world.replay([HOUR])).toMatchObject({ hours: [] });
      expect(world.values()).toEqual([...old, "d1"]);
    }
    expect(moments).toBeGreaterThan(20);
  });

  it("and another, and a loader, in any order, give each row once", async () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= 1000; seed += 1) {
      const world = await loaded();
      world.send(world.put(`${H}/d.csv`, ["d1"]), world.put(`${H}/e.csv`, ["e1"]));
      const replaying: Worker = (pass) => world.replay([HOUR], pass);
      const workersOf = (draw: () => number) => [replaying, replaying, loader(world, draw)];
      await shuffled(world, seed, workersOf, { kill: 0.01, fail: 0.02, lease: 0.02, late: 0.1, overwrite: 0 });
      await drain(world, seed % 2 === 0);
      const problems = problemsIn(world);
      if (problems.length > 0) wrong.push(`seed ${seed}: ${problems.join(", ")}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("a plan", () => {
  it("says which hours have how many files and bytes, and what reading them costs", async () => {
    const world = await loaded();
    expect(await plan(world.archive(), world.config.tables, { ...REQUEST, dryRun: true })).toEqual({
      table: "kpis",
      allowMissing: false,
      dryRun: true,
      hours: [HOUR, NEXT],
      files: 3,
      bytes: 300,
      restore: { files: 0, bytes: 0 },
      dollars: 0.0001,
    });
  });

  it("counts what must be restored, asks for it once, and goes on when it can be read", async () => {
    const world = await loaded();
    world.cold.add(`${H}/a.csv`);
    const made = await plan(world.archive(), world.config.tables, REQUEST);
    expect(made.restore).toEqual({ files: 1, bytes: 100 });
    expect(await thaw(world.archive(), world.config.tables, made, 3)).toEqual(made);
    expect(world.asked).toEqual([`${H}/a.csv`]);
    world.restored.add(`${H}/a.csv`);
    expect((await thaw(world.archive(), world.config.tables, made)).restore).toEqual({ files: 0, bytes: 0 });
    expect(world.asked).toHaveLength(1);
  });

  it.each([
    ["a table that is not on the list", { table: "kpi" }, 'table "kpi" is not on the list, which has kpis, events'],
    [
      "a table whose rows cannot be told apart",
      { table: "events" },
      "table events has neither hourColumn nor dedupKey, so it cannot be told which rows an hour's files gave; give it one of them",
    ],
    [
      "half an hour",
      { from: "2026-11-21T08:30" },
      'from must be a whole hour in UTC such as 2026-11-21T08, got "2026-11-21T08:30"',
    ],
    [
      "an hour that is none",
      { to: "2026-02-30T08" },
      'to must be a whole hour in UTC such as 2026-11-21T08, got "2026-02-30T08"',
    ],
    [
      "an end before its beginning",
      { to: HOUR },
      `to must be later than from; it is not included. Got ${HOUR} to ${HOUR}`,
    ],
    ["more than a year", { to: "2028-01-01" }, "a replay takes at most 8784 hours, got 9736; replay a year at a time"],
  ])("is refused for %s", async (_, change, message) => {
    const world = await loaded();
    const refused = plan(world.archive(), world.config.tables, { ...REQUEST, ...change });
    await expect(refused).rejects.toMatchObject({ name: "ReplayRefused", message });
  });

  it("takes a day, and hours written to the second", async () => {
    const world = await loaded();
    const made = await plan(world.archive(), world.config.tables, {
      table: "kpis",
      from: "2026-11-21",
      to: "2026-11-21T09:00:00Z",
    });
    expect(made.hours).toEqual([HOUR]);
  });
});
