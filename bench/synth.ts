import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { runCommand } from "../local/setup/command";
import { networkEnvironment } from "../local/setup/environment";
import { type Cost, cost, interleaved, median, ratio } from "./measure";
import { type Section, seconds, times, whole } from "./table";

const ROUNDS = 5;
const TEMPLATE = "bench/template";
const MB = "MB";

/** Synth of all stacks, against the way CDKTF's template runs the same sources. */
export async function benchSynth(progress: (line: string) => void): Promise<Section> {
  await installTemplate(progress);
  const folder = mkdtempSync(path.join(tmpdir(), "bench-synth-"));
  try {
    const to = (name: string) => ({
      CDKTF_OUTDIR: path.join(folder, name),
      REDSTREAM_SETTINGS: path.resolve("bench/settings.json"),
    });
    const node = process.execPath;
    const tsNode = path.resolve(TEMPLATE, "node_modules/ts-node/dist/bin.js");
    const compiler = path.resolve(TEMPLATE, "node_modules/typescript");
    await cost([node, "tools/synth.js"], to("warm-up"));
    let round = 0;
    const runs = await interleaved<Cost, "template" | "cold" | "prebuilt">(ROUNDS, {
      template: () => {
        progress(`synth, round ${++round} of ${ROUNDS}`);
        return cost([node, tsNode, "--compiler", compiler, "main.ts"], to("template"));
      },
      cold: () => {
        rmSync(".build/synth.js", { force: true });
        rmSync(".build/synth.js.v8", { force: true });
        return cost([node, "tools/synth.js"], to("cold"));
      },
      prebuilt: () => cost([node, "tools/synth.js", "--prebuilt"], to("prebuilt")),
    });
    const same = ["cold", "prebuilt"].every((name) => isSame(path.join(folder, "template"), path.join(folder, name)));
    const cpu = (name: keyof typeof runs) => runs[name].map(({ cpuSeconds }) => cpuSeconds);
    const memory = (name: keyof typeof runs) => Math.max(...runs[name].map(({ memoryMb }) => memoryMb));
    const less = (name: keyof typeof runs) => ratio(cpu("template"), cpu(name));
    const row = (label: string, name: keyof typeof runs) => [
      label,
      seconds(median(cpu(name))),
      seconds(median(runs[name].map(({ wallSeconds }) => wallSeconds))),
      `${whole(memory(name))} ${MB}`,
      times(less(name)),
    ];
    return {
      title: "Synth",
      text: `Every stack, ${ROUNDS} rounds. "The template" is \`npx ts-node main.ts\` with TypeScript 5.9, as the CDKTF template has it, on the same sources; "cold" has no bundle and no code cache, "prebuilt" has both (\`node tools/synth.js --prebuilt\`).`,
      head: ["way", "CPU", "wall", "peak memory", "less CPU"],
      rows: [row("the template", "template"), row("cold (build and run)", "cold"), row("prebuilt", "prebuilt")],
      goals: [
        {
          says: "prebuilt takes at least 10 times less CPU",
          got: times(less("prebuilt")),
          kept: less("prebuilt") >= 10,
        },
        {
          says: "prebuilt takes at most 100 MB",
          got: `${whole(memory("prebuilt"))} ${MB}`,
          kept: memory("prebuilt") <= 100,
        },
        { says: "cold takes at least 5 times less CPU", got: times(less("cold")), kept: less("cold") >= 5 },
        { says: "the output is the same, byte for byte", got: same ? "the same" : "different", kept: same },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a folder of its own, by its own lock: the project itself needs neither. */
async function installTemplate(progress: (line: string) => void): Promise<void> {
  const installed = path.join(TEMPLATE, "node_modules", ".package-lock.json");
  if (existsSync(installed)) return;
  progress("installing ts-node and TypeScript 5.9 for the comparison");
  const { code, stderr } = await runCommand("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: TEMPLATE,
    env: networkEnvironment(),
  });
  if (code !== 0) throw new Error(`npm ci failed in ${TEMPLATE}: ${stderr.trim()}`);
}

function isSame(one: string, other: string): boolean {
  const files = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort();
  const names = files(one);
  return (
    names.length > 0 &&
    JSON.stringify(names) === JSON.stringify(files(other)) &&
    names.every((name) => readFileSync(path.join(one, name)).equals(readFileSync(path.join(other, name))))
  );
}
