import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { type Cost, cost, interleaved, median } from "../measure";
import { type Section, seconds, times, whole } from "../table";

const ROUNDS = 3;

/** What is made more of, by the name that bench/synth/many.ts knows it by; each up to 9,000 resources or so. */
const SHAPES = [
  { shape: "stacks", says: "telemetry warehouses, a stack each", counts: [2, 11, 22, 44] },
  { shape: "functions", says: "functions in one stack", counts: [50, 200, 410, 820] },
] as const;

interface Size {
  readonly says: string;
  /** Resources and data sources. */
  readonly resources: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly memoryMb: number;
}

/** What synth takes, prebuilt, by how many resources there are. */
export async function benchSynthGrowth(progress: (line: string) => void): Promise<Section> {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-growth-"));
  try {
    const curves: (readonly Size[])[] = [];
    for (const shape of SHAPES) curves.push(await curve(shape, folder, progress));
    return section(curves);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function curve(
  { shape, says, counts }: (typeof SHAPES)[number],
  folder: string,
  progress: (line: string) => void,
): Promise<readonly Size[]> {
  const run = async (count: number, ...options: string[]): Promise<Cost & { readonly resources: number }> => {
    const output = path.join(folder, `${shape}-${count}`);
    const command = [process.execPath, "bench/synth/many.js", shape, String(count), ...options];
    const environment = { CDKTF_OUTDIR: output, REDSTREAM_SETTINGS: path.resolve("bench/settings.json") };
    const taken = await cost(command, environment);
    const resources = resourcesIn(output);
    rmSync(output, { recursive: true, force: true });
    return { ...taken, resources };
  };
  // Leaves the bundle and its code cache.
  await run(1);
  const ways = Object.fromEntries(
    counts.map((count) => [
      String(count),
      () => {
        progress(`synth-growth: ${count} ${says}`);
        return run(count, "--prebuilt");
      },
    ]),
  );
  const runs = await interleaved(ROUNDS, ways);
  return counts.map((count) => {
    const all = runs[String(count)]!;
    const middle = (of: (one: Cost) => number) => median(all.map(of));
    return {
      says: `${count} ${says}`,
      resources: all[0]!.resources,
      cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
      wallSeconds: middle(({ wallSeconds }) => wallSeconds),
      memoryMb: Math.max(...all.map(({ memoryMb }) => memoryMb)),
    };
  });
}

/** Resources and data sources of every stack in a folder that was synthesized. */
function resourcesIn(output: string): number {
  const stacks = path.join(output, "stacks");
  return readdirSync(stacks)
    .map((name) => JSON.parse(readFileSync(path.join(stacks, name, "cdk.tf.json"), "utf8")))
    .flatMap(({ resource = {}, data = {} }) => [...Object.values(resource), ...Object.values(data)])
    .reduce<number>((sum, ofType) => sum + Object.keys(ofType as object).length, 0);
}

/** CPU milliseconds that each resource took which `to` has more than `from`: what starting takes is in neither. */
const each = (from: Size, to: Size) => ((to.cpuSeconds - from.cpuSeconds) / (to.resources - from.resources)) * 1000;

function section(curves: readonly (readonly Size[])[]): Section {
  return {
    title: "Synth growth",
    text: `The same program with more and more resources and data sources, prebuilt, ${ROUNDS} rounds. "A further one" is the CPU of each that a row has more than the row above it.`,
    head: ["what", "resources", "CPU", "wall", "peak memory", "a further one"],
    rows: curves.flatMap((sizes) =>
      sizes.map((size, i) => [
        size.says,
        whole(size.resources),
        seconds(size.cpuSeconds),
        seconds(size.wallSeconds),
        `${whole(size.memoryMb)} MB`,
        i === 0 ? "" : `${each(sizes[i - 1]!, size).toFixed(2)} ms`,
      ]),
    ),
    goals: curves.map((sizes) => {
      const [least, small, , most] = sizes as readonly [Size, Size, Size, Size];
      const more = each(small, most) / each(least, small);
      return {
        says: `a further resource takes at most half as much again at ${whole(most.resources)} as at ${whole(small.resources)}`,
        got: times(more),
        kept: more <= 1.5,
      };
    }),
  };
}
