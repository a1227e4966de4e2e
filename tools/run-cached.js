/**
 * Runs a bundled program in this process with V8's compiled code from the last run of the same bytes, which lies beside it. Parsing and
 * compiling four megabytes is most of a short program's time.
 */
const { createHash } = require("node:crypto");
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

const OPEN = Buffer.from("(function (exports, require, module, __filename, __dirname) {");
const CLOSE = Buffer.from("\n})");

/** Runs `file` as `require` would. A cache that is missing, of other bytes or of another V8 is passed over and written anew. */
function runCached(file) {
  // Made one text here: a template string would keep the file's four megabytes beside its own.
  const source = Buffer.concat([OPEN, readFileSync(file), CLOSE]);
  const hash = createHash("sha256").update(source).digest();
  const cacheFile = `${file}.v8`;
  const script = new vm.Script(source.toString(), {
    filename: file,
    cachedData: read(cacheFile, hash),
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file));
  // After the run, so that the functions that it needed are in it.
  if (script.cachedDataRejected !== false) write(cacheFile, hash, script.createCachedData());
  return module.exports;
}

function read(file, hash) {
  let content;
  try {
    content = readFileSync(file);
  } catch {
    return undefined;
  }
  return content.subarray(0, hash.length).equals(hash) ? content.subarray(hash.length) : undefined;
}

/** In place in one step: another run may be reading it. A folder that cannot be written costs time, nothing else. */
function write(file, hash, data) {
  try {
    writeFileSync(`${file}.${process.pid}`, Buffer.concat([hash, data]));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // The next run compiles again.
  }
}

module.exports = { runCached };
