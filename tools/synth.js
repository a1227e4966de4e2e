/**
 * The program `cdktf.json` names: bundles the handlers and main.ts, then runs the bundle in this process. With `--prebuilt` it runs
 * the bundles that are there, for who has just built them.
 */
const path = require("node:path");
const { BUILD, bundleLambdas, bundleSynth } = require("./bundle");
const { runSynth } = require("./run-synth");

function program() {
  if (process.argv.includes("--prebuilt")) return path.join(BUILD, "synth.js");
  bundleLambdas();
  return bundleSynth("main.ts", "synth");
}

runSynth(program());
