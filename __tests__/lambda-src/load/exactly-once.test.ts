import { type Chances, drain, killedAt, loader, problemsIn, shuffled } from "./explorer";
import { type Fault, type Without, World } from "./world";

const H = "kpis/2026/11/21/08";

/** A queue as it comes: three good files of two hours, one event twice, bad files of each kind, in an order of its own. */
function delivery(without: Without = {}, faults: readonly Fault[] = ["named"]): World {
  const world = new World(without);
  const a = world.put(`${H}/a.csv`, ["a1", "a2"]);
  const b = world.put(`${H}/b.csv`, ["b1"]);
  const c = world.put("kpis/2026/11/21/07/c.csv", ["c1"]);
  const bad = faults.map((fault, index) => world.put(`${H}/bad${index}.csv`, [`bad${index}`], fault));
  world.send(b, a, ...bad, c, a);
  return world;
}

const CHANCES: Chances = { kill: 0.01, fail: 0.02, lease: 0.02, late: 0.1, overwrite: 0 };

describe("a worker that is killed", () => {
  it.each<[string, readonly Fault[]]>([
    ["with good files", []],
    ["with a bad file that is named", ["named"]],
    ["in the middle of a split", ["unnamed"]],
    ["with two bad files", ["unnamed", "named"]],
  ])("at any moment, %s, leaves rows that are loaded once", async (_, faults) => {
    let moments = 0;
    for (const lateFirst of [true, false]) {
      for (let at = 1; ; at += 1) {
        const world = delivery({}, faults);
        const pass = killedAt(at);
        await world.deliver(pass).catch(() => {});
        if (!pass.happened()) break;
        moments += 1;
        await drain(world, lateFirst);
        expect({ at, lateFirst, problems: problemsIn(world) }).toEqual({ at, lateFirst, problems: [] });
      }
    }
    expect(moments).toBeGreaterThan(60);
  });

  it("at any moment, and the one who takes over at any moment too, leaves rows that are loaded once", async () => {
    let pairs = 0;
    for (let first = 1; ; first += 1) {
      let happened = true;
      for (let second = 1; ; second += 1) {
        const world = new World();
        world.send(world.put(`${H}/a.csv`, ["a1"]), world.put(`${H}/b.csv`, ["b1"]));
        const one = killedAt(first);
        await world.deliver(one).catch(() => {});
        happened = one.happened();
        world.now += 900_001;
        const two = killedAt(second);
        await world.deliver(two).catch(() => {});
        if (!happened || !two.happened()) break;
        pairs += 1;
        await drain(world, second % 2 === 0);
        expect({ first, second, problems: problemsIn(world) }).toEqual({ first, second, problems: [] });
      }
      if (!happened) break;
    }
    expect(pairs).toBeGreaterThan(500);
  });
});

/** Seeds of `count` schedules that end wrong. */
async function wrongOf(count: number, make: () => World, chances: Chances, workers = 2): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (let seed = 1; seed <= count; seed += 1) {
    const world = make();
    let writes = 0;
    const workersOf = (draw: () => number) => Array.from({ length: workers }, () => loader(world, draw));
    await shuffled(world, seed, workersOf, chances, () => {
      writes += 1;
      if (writes <= 2) world.send(world.put(`${H}/a.csv`, [`a again ${writes}`]));
    });
    await drain(world, seed % 2 === 0);
    const problems = problemsIn(world);
    if (problems.length > 0) wrong.push(`seed ${seed}: ${problems.join(", ")}`);
  }
  return wrong;
}

describe("two workers in any order", () => {
  it("load every row once, whatever fails, whoever is killed, however late a commit lands", async () => {
    expect(await wrongOf(1500, () => delivery({}, ["named"]), CHANCES)).toEqual([]);
  });

  it("load every row once while batches are split", async () => {
    expect(await wrongOf(500, () => delivery({}, ["unnamed", "unnamed"]), CHANCES)).toEqual([]);
  });

  it("load what is newest once, and of what was overwritten all or nothing", async () => {
    expect(await wrongOf(1000, () => delivery({}, []), { ...CHANCES, overwrite: 0.03 })).toEqual([]);
  });

  it("load every row once when there are three", async () => {
    expect(await wrongOf(400, () => delivery({}, ["unnamed"]), CHANCES, 3)).toEqual([]);
  });
});

describe("the schedules find out when a protection is missing:", () => {
  it.each<[string, Without]>([
    ["the ledger's condition", { condition: true }],
    ["the fence", { fence: true }],
    ["the look at what is recorded (NOT EXISTS)", { guard: true }],
  ])("%s", async (_, without) => {
    expect(await wrongOf(300, () => delivery(without, []), CHANCES)).not.toEqual([]);
  });

  it("the look at the newest version", async () => {
    const overwriting = { ...CHANCES, overwrite: 0.05 };
    expect(await wrongOf(300, () => delivery({ head: true }, []), overwriting)).not.toEqual([]);
  });
});
