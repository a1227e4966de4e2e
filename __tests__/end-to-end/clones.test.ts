import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { ensureTerraform } from "../../local/setup/terraform";
import { pathWith, temporary } from "../support/programs";
import { run } from "./support/command";
import { STACKS } from "./support/synthesized";

/** The same commit gives the same bytes wherever and by whomever it is synthesized. */
const MINUTES = 60_000;
jest.setTimeout(2 * MINUTES);

const ROOT = path.resolve(".");
const folder = temporary("clones");

interface Surroundings {
  /** Where the clone lies, from the test's folder. */
  readonly at: string;
  readonly umask: string;
  readonly zone: string;
  readonly language: string;
}

const SURROUNDINGS: readonly Surroundings[] = [
  { at: "a", umask: "022", zone: "Pacific/Kiritimati", language: "C" },
  { at: "some/longer path/with a space", umask: "077", zone: "America/St_Johns", language: "C.UTF-8" },
];

/** Synthesizes a fresh clone of HEAD and prepares every stack; answers the clone's folder. */
async function synthesizedClone({ at, umask, zone, language }: Surroundings, bare: string): Promise<string> {
  const clone = path.join(folder, at, "redstream");
  const home = path.join(folder, at, "home");
  mkdirSync(home, { recursive: true });
  const env = {
    PATH: bare,
    HOME: home,
    TZ: zone,
    LANG: language,
    CHECKPOINT_DISABLE: "1",
    // The plugins' place is this machine's, not the clone's.
    ...(await pluginsOfThisMachine()),
  };
  const steps = [
    `umask ${umask}`,
    `git clone --quiet "${ROOT}" "${clone}"`,
    `cd "${clone}"`,
    // To spare time: what is installed is the same by the lock file.
    `ln -s "${ROOT}/node_modules" node_modules`,
    "node tools/synth.js",
    `node -e 'require("./tools/bundle").bundleProgram("cli/main.ts", "cli", { packages: "external" })'`,
    ...STACKS.map((stack) => `node .build/cli.js prepare ${stack} copy/cdktf.out`),
  ];
  const { code, said } = await run("/bin/sh", ["-c", steps.join(" && ")], { env });
  if (code !== 0) throw new Error(`${steps.join("\n")}\nended with ${code}:\n${said}`);
  return clone;
}

/** Relative paths of all files with the hash of their bytes. */
function hashes(of: string): Record<string, string> {
  const files = readdirSync(of, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(path.join(of, name)).isFile(),
  );
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(path.join(of, name)))
        .digest("hex"),
    ]),
  );
}

async function pluginsOfThisMachine(): Promise<Record<string, string>> {
  const { plugins } = await ensureTerraform(() => undefined);
  return plugins.kind === "mirror" ? { REDSTREAM_PLUGIN_MIRROR: plugins.folder } : {};
}

let clones: string[];
beforeAll(async () => {
  // No javac: the placeholder stands for the JAR, which is Maven's work and no part of the promise.
  const bare = pathWith({});
  for (const name of ["git", "sh", "ln"]) symlinkSync(executable(name), path.join(bare, name));
  symlinkSync(process.execPath, path.join(bare, "node"));
  for (const name of ["terraform"]) symlinkSync(executable(name), path.join(bare, name));
  clones = await Promise.all(SURROUNDINGS.map((each) => synthesizedClone(each, bare)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const executable = (name: string) => execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();

describe("two clones under different paths, umask, time zone, language and HOME", () => {
  it("synthesize the same bytes", () => {
    const [one, other] = clones.map((clone) => hashes(path.join(clone, "cdktf.out")));
    expect(Object.keys(one!).filter((name) => name.endsWith("cdk.tf.json"))).toEqual(
      STACKS.map((stack) => path.join("stacks", stack, "cdk.tf.json")),
    );
    expect(one).toEqual(other);
  });

  it("make the same zips", () => {
    const [one, other] = clones.map((clone) =>
      Object.entries(hashes(path.join(clone, "copy", "cdktf.out"))).filter(([name]) => name.endsWith(".zip")),
    );
    expect(one!.length).toBeGreaterThanOrEqual(3);
    expect(one).toEqual(other);
  });

  it("leave no path of their own in what they synthesize", () => {
    for (const clone of clones) {
      for (const stack of STACKS) {
        const text = readFileSync(path.join(clone, "cdktf.out", "stacks", stack, "cdk.tf.json"), "utf8");
        expect([text.includes(folder), text.includes(ROOT)]).toEqual([false, false]);
      }
    }
  });
});
