/**
 * The program `cdktf.json` names: bundles the handlers and main.ts, then runs the bundle in this process. With `--prebuilt` it runs
 * the bundles that are there, for who has just built them.
 */
const path = require("node:path");
const { BUILD, bundleLambdas, bundleProgram } = require("./bundle");
const { runCached } = require("./run-cached");

/**
 * CDKTF notes for each of thousands of tokens the stack that made it, for its own error messages, and writes none of it. It takes it on plain
 * objects; real errors keep their stacks.
 */
function noteNoStacks() {
  const capture = Error.captureStackTrace;
  Error.captureStackTrace = (target, below) => {
    if (target instanceof Error) capture(target, below);
  };
}

function program() {
  if (process.argv.includes("--prebuilt")) return path.join(BUILD, "synth.js");
  bundleLambdas();
  return bundleProgram("main.ts", "synth", { minifySyntax: true, minifyWhitespace: true, lineLimit: 200 });
}

const file = program();
noteNoStacks();
runCached(file);
