/** `node bench/synth/many.js SHAPE COUNT`: runs bench/synth/many.ts as tools/synth.js runs main.ts. With `--prebuilt` its bundle is there. */
const path = require("node:path");
const { BUILD, bundleSynth } = require("../../tools/bundle");
const { runSynth } = require("../../tools/run-synth");

const NAME = "bench-many";

process.chdir(path.resolve(__dirname, "..", ".."));
const prebuilt = process.argv.includes("--prebuilt");
runSynth(prebuilt ? path.join(BUILD, `${NAME}.js`) : bundleSynth("bench/synth/many.ts", NAME));
