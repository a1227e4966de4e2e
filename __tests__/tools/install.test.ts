import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { pathWith, temporary } from "../support/programs";

const { ensureNodeModules } = require("../../tools/install");
const TOOL = path.resolve(__dirname, "../../tools/install");

const LOCK = {
  lockfileVersion: 3,
  packages: {
    "": { name: "x" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b-darwin": { version: "1.0.0", integrity: "sha512-b", optional: true },
  },
};

/** A project, and an npm that notes each call and installs "a" as npm does: its own lock file last. */
function project({ npm = "" } = {}) {
  const root = temporary("install");
  writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(LOCK));
  const installed = JSON.stringify({ packages: { "node_modules/a": LOCK.packages["node_modules/a"] } });
  const script = `echo "$@" >> calls
/bin/rm -rf node_modules; /bin/mkdir -p node_modules/a
${npm}
echo '${installed}' > node_modules/.package-lock.json`;
  const program = path.join(pathWith({ npm: script }), "npm");
  const lines: string[] = [];
  const ensure = () => ensureNodeModules({ root, npm: [program], progress: (line: string) => lines.push(line) });
  const calls = () =>
    existsSync(path.join(root, "calls")) ? readFileSync(path.join(root, "calls"), "utf8").trim().split("\n") : [];
  return { root, program, lines, ensure, calls };
}

describe("node_modules", () => {
  it("are installed by npm ci when they are missing, once", async () => {
    const { ensure, calls } = project();
    await ensure();
    await ensure();
    expect(calls()).toEqual(["ci"]);
  });

  it("are installed again for another package-lock.json", async () => {
    const { ensure, calls, root } = project();
    await ensure();
    const other = {
      ...LOCK,
      packages: { ...LOCK.packages, "node_modules/c": { version: "1.0.0", integrity: "sha512-c" } },
    };
    writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(other));
    await ensure();
    expect(calls()).toEqual(["ci", "ci"]);
  });

  it("that a person installed by hand from this lock file are taken as they are", async () => {
    const { ensure, calls, root, lines } = project();
    await ensure();
    rmSync(path.join(root, "node_modules", ".redstream-stamp"));
    lines.length = 0;
    await ensure();
    expect([calls(), lines]).toEqual([["ci"], []]);
  });

  it.each([
    ["another version", { "node_modules/a": { version: "1.0.1", integrity: "sha512-a" } }],
    ["a package that is not locked", { ...LOCK.packages, "node_modules/z": { version: "1.0.0" } }],
    ["a package missing", {}],
  ])("with %s are installed again", async (_, packages) => {
    const { ensure, calls, root } = project();
    mkdirSync(path.join(root, "node_modules", "a"), { recursive: true });
    writeFileSync(path.join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages }));
    await ensure();
    expect(calls()).toEqual(["ci"]);
  });

  it("are repaired after an installation that was killed", async () => {
    const { root, program, ensure, calls } = project({
      npm: "[ -e killed ] || { /usr/bin/touch killed; kill -9 $PPID; exit 9; }",
    });
    const code = `require(${JSON.stringify(TOOL)}).ensureNodeModules({ root: ${JSON.stringify(root)}, npm: [${JSON.stringify(program)}] })`;
    const child = spawn(process.execPath, ["-e", code], { stdio: "ignore" });
    const signal = await new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
    await ensure();
    expect([signal, calls(), existsSync(path.join(root, "node_modules", ".redstream-stamp"))]).toEqual([
      "SIGKILL",
      ["ci", "ci"],
      true,
    ]);
  });

  it("are installed once by two processes that start at the same time", async () => {
    const { root, program, calls } = project({ npm: "/bin/sleep 0.5" });
    const code = `require(${JSON.stringify(TOOL)}).ensureNodeModules({ root: ${JSON.stringify(root)}, npm: [${JSON.stringify(program)}] })`;
    const run = () =>
      new Promise((resolve) => spawn(process.execPath, ["-e", code], { stdio: "ignore" }).on("close", resolve));
    expect([await Promise.all([run(), run(), run()]), calls()]).toEqual([[0, 0, 0], ["ci"]]);
  });

  it("are refused with npm's own reason in one line", async () => {
    const { root, ensure } = project({
      npm: "echo 'npm error code ENOTFOUND' >&2; echo 'npm error A complete log of this run' >&2; exit 1",
    });
    await expect(ensure()).rejects.toThrow(
      `npm ci failed (exit code 1) in ${root}: code ENOTFOUND. Run "npm ci" to see all of it`,
    );
  });

  it("need Node.js 20", async () => {
    await expect(ensureNodeModules({ root: "/nonexistent", nodeVersion: "18.19.0" })).rejects.toThrow(
      "Node.js 20 or later is needed, this is 18.19.0: install a current Node.js and start again",
    );
  });

  it("need a folder that can be written to", async () => {
    // One that is not there: a folder without the right can be written to by root all the same.
    const root = path.join(temporary("install"), "gone");
    await expect(ensureNodeModules({ root })).rejects.toThrow(
      new Error(
        `${root} cannot be written to (ENOENT), and packages and runs are kept there: copy the project to a folder of your own and start there`,
      ),
    );
  });

  it("need the lock file", async () => {
    const root = temporary("empty");
    await expect(ensureNodeModules({ root })).rejects.toThrow(
      `${root}/package-lock.json is missing: take it from the repository (git checkout package-lock.json)`,
    );
  });
});
