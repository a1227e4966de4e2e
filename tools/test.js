/**
 * `npm test`: sets up what is missing, checks types, style and formats, runs every test (those that apply real stacks included)
 * and ends with one line of counts.
 */
const { spawn } = require("node:child_process");
const { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { bundleProgram } = require("./bundle");
const { ensureNodeModules } = require("./install");

const ROOT = path.resolve(__dirname, "..");
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** A signal ends the command that runs and keeps the next from starting; what they left is cleared all the same. */
let stopped = false;

async function run(title, command, args, env = {}) {
  if (stopped) return false;
  console.log(`\n== ${title}`);
  const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  const stop = (signal) => {
    stopped = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const [code, problem] = await new Promise((resolve) => {
    child.on("error", (error) => resolve([null, error.message]));
    child.on("close", (code, signal) => resolve([code, signal && `ended by ${signal}`]));
  });
  for (const signal of SIGNALS) process.off(signal, stop);
  if (problem) console.error(`${title}: ${problem}`);
  return code === 0;
}

const bin = (name) => path.join(ROOT, "node_modules", ".bin", name);

async function main() {
  await ensureNodeModules();
  const folder = mkdtempSync(path.join(tmpdir(), "redstream-test-"));
  try {
    const report = path.join(folder, "report.json");
    const temporary = path.join(folder, "t");
    mkdirSync(temporary);
    const types = await run("types", bin("tsc"), ["-p", "."]);
    const style = await run("lint and format", bin("biome"), ["check", "--error-on-warnings", "."]);
    // forceExit: a handle that a failed test left open must not keep the counts from being said.
    const tests = await run(
      "tests",
      bin("jest"),
      ["--json", `--outputFile=${report}`, "--forceExit", ...process.argv.slice(2)],
      // What a test leaves in the folder for temporary files goes with this one.
      { TMPDIR: temporary },
    );
    if (!existsSync(report)) throw new Error("jest ended without a report: see above");
    const counts = JSON.parse(readFileSync(report, "utf8"));
    if (!types) console.error("The type check failed: see above.");
    if (!style) console.error('The lint or format check failed: see above; "npm run format" mends most of it.');
    // Each check counts as one test beside jest's own, a file that did not even load as a failed one.
    const checks = [types, style];
    const passed = counts.numPassedTests + checks.filter((good) => good).length;
    const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites + checks.filter((good) => !good).length;
    console.log(`\n${passed} passed, ${failed} failed, ${counts.numPendingTests} skipped`);
    process.exitCode = types && style && tests ? 0 : 1;
  } finally {
    await clear(folder);
  }
}

/** A jest that was killed leaves what its tests had started; what cannot be cleared does not hide how the tests went. */
async function clear(folder) {
  try {
    await require(bundleProgram("__tests__/support/processes.ts", "test/processes")).endProcessesOf(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    console.error(`The temporary files in ${folder} were not all removed: ${error.message}`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
