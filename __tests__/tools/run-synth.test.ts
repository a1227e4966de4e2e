import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { temporary } from "../support/programs";

let folder: string;
beforeEach(() => {
  folder = temporary("run-synth");
});

/** What the program says when it is run as synth is. */
function said(program: string, env: NodeJS.ProcessEnv = {}): string {
  const file = path.join(folder, "program.js");
  writeFileSync(file, program);
  const tool = path.resolve("tools", "run-synth.js");
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["-e", `require(${JSON.stringify(tool)}).runSynth(process.argv[1])`, file],
    { encoding: "utf8", env: { ...process.env, ...env } },
  );
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout;
}

describe("Terraform that is asked for its version", () => {
  const calls = () => path.join(folder, "calls");
  /** Notes each call, and answers the lines of `answers` one by one; an empty one is a failure. */
  const terraform = (name: string, ...answers: string[]) => {
    const script = path.join(folder, name);
    const cases = answers.map((answer, i) => `${i + 1}) ${answer ? `echo '${answer}'` : "exit 1"};;`).join(" ");
    writeFileSync(
      script,
      `#!/bin/sh\necho "$@" >> '${calls()}'\ncase $(grep -c . '${calls()}') in ${cases} *) exit 9;; esac\n`,
    );
    chmodSync(script, 0o755);
    return script;
  };
  /** As CDKTF asks: the function looked up anew each time. */
  const ask = (command: string) => `
    const child = require("child_process");
    for (let i = 0; i < 3; i++) {
      try {
        console.log((0, child.execSync)(${JSON.stringify(command)}, { stdio: "pipe" }).toString().trim());
      } catch {
        console.log("failed");
      }
    }`;

  it("is started once, and gives each who asks the same answer", () => {
    terraform("terraform", "Terraform v1.9.0");
    const env = { PATH: `${folder}${path.delimiter}${process.env.PATH}`, TERRAFORM_BINARY_NAME: "" };
    expect(said(ask("terraform version"), env)).toBe("Terraform v1.9.0\n".repeat(3));
    expect(readFileSync(calls(), "utf8")).toBe("version\n");
  });

  it("is the program that TERRAFORM_BINARY_NAME names", () => {
    const name = terraform("tofu", "OpenTofu v1.9.0");
    expect(said(ask(`${name} version`), { TERRAFORM_BINARY_NAME: name })).toBe("OpenTofu v1.9.0\n".repeat(3));
    expect(readFileSync(calls(), "utf8")).toBe("version\n");
  });

  it("is asked again when it did not answer", () => {
    const name = terraform("terraform", "", "Terraform v1.9.0");
    const answers = said(ask(`${name} version`), { TERRAFORM_BINARY_NAME: name });
    expect(answers).toBe("failed\nTerraform v1.9.0\nTerraform v1.9.0\n");
    expect(readFileSync(calls(), "utf8")).toBe("version\nversion\n");
  });

  it("is started each time for anything else", () => {
    const name = terraform("terraform", "one", "two", "three");
    expect(said(ask(`${name} providers`), { TERRAFORM_BINARY_NAME: name })).toBe("one\ntwo\nthree\n");
  });
});

test("an error has its stack; a plain object that asks for one is given none", () => {
  const program = `
    const noted = {};
    Error.captureStackTrace(noted);
    const error = new Error("wrong");
    Error.captureStackTrace(error);
    console.log("stack" in noted, error.stack.includes("program.js"));`;
  expect(said(program)).toBe("false true\n");
});

test("room for young objects does not grow in a program that keeps all it makes", () => {
  const program = `
    const kept = [];
    for (let i = 0; i < 500_000; i++) kept.push({ i });
    const spaces = require("node:v8").getHeapSpaceStatistics();
    const size = (name) => spaces.find((space) => space.space_name === name).space_size;
    console.log(size("new_space") <= 4 * 2 ** 20, size("old_space") >= 8 * 2 ** 20);`;
  expect(said(program)).toBe("true true\n");
});

test("what has been run lies ready for the next run", () => {
  said("console.log('ran');");
  expect(existsSync(path.join(folder, "program.js.v8"))).toBe(true);
});
