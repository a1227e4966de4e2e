/** The program `cdktf.json` names: bundles the handlers and main.ts, then runs the bundle in this process. */
const { bundleLambdas, bundleProgram } = require("./bundle");

bundleLambdas();
require(bundleProgram("main.ts", "synth"));
