/**
 * `npm test`: sets up what is missing, checks types, style and formats, runs every test (those that apply real stacks included)
 * and ends with one line of counts.
 */
const { spawnSync } = require("node:child_process");
const { existsSync, mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { ensureNodeModules } = require("./install");

const ROOT = path.resolve(__dirname, "..");

function run(title, command, args, env = {}) {
  console.log(`\n== ${title}`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
  if (error) console.error(`${title}: ${error.message}`);
  return status === 0;
}

const bin = (name) => path.join(ROOT, "node_modules", ".bin", name);

async function main() {
  await ensureNodeModules();
  const folder = mkdtempSync(path.join(tmpdir(), "redstream-test-"));
  try {
    const report = path.join(folder, "report.json");
    const types = run("types", bin("tsc"), ["-p", "."]);
    const style = run("lint and format", bin("biome"), ["check", "--error-on-warnings", "."]);
    // forceExit: a handle that a failed test left open must not keep the counts from being said.
    const tests = run(
      "tests",
      bin("jest"),
      ["--json", `--outputFile=${report}`, "--forceExit", ...process.argv.slice(2)],
      // What a test leaves in the folder for temporary files goes with this one.
      { TMPDIR: folder },
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
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
