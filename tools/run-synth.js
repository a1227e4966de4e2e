/**
 * Runs a bundled synth program in this process, with what it does for nothing left out. None of it changes what is written: `npm run bench -- synth`
 * compares that byte for byte with the plain way, and says what time and memory it takes.
 */
const childProcess = require("node:child_process");
const v8 = require("node:v8");
const { runCached } = require("./run-cached");

/** Runs `file` to its end. */
function runSynth(file) {
  setFlags();
  noteNoStacks();
  askTerraformOnce();
  runCached(file);
}

/**
 * Half of the memory was room for young objects, which grows to 32 MB in a program that keeps nearly all it makes, and the optimizing compiler's own,
 * which earns nothing back in a second. V8 reads both flags whenever it is about to grow and to optimize, so that they may be set in a program that runs;
 * the one of the command line (`--max-semi-space-size`) is read before.
 */
function setFlags() {
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  v8.setFlagsFromString("--no-opt");
}

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

/**
 * CDKTF starts Terraform to ask for its version for every `terraform_data` there is, which was a third of all time. It is asked once; one that did not answer is
 * asked again, and any other command is run as often as it is given.
 */
function askTerraformOnce() {
  const { execSync } = childProcess;
  const question = `${process.env.TERRAFORM_BINARY_NAME || "terraform"} version`;
  let answer;
  childProcess.execSync = (command, options) => {
    if (command !== question) return execSync(command, options);
    answer ??= execSync(command, options);
    return answer;
  };
}

module.exports = { runSynth };
