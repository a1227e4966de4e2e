/**
 * Makes node_modules what package-lock.json says, and does nothing when it is that already. Runs before anything is installed: plain
 * JavaScript, Node's own modules only.
 */
const { spawn } = require("node:child_process");
const { createHash } = require("node:crypto");
const { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { withLock } = require("./lock");

const ROOT = path.resolve(__dirname, "..");
const NODE_MAJOR = 20;
const HEARTBEAT_MS = 10_000;

/** What a person can put right; shown without a stack trace. */
class InstallError extends Error {
  constructor(message) {
    super(message);
    this.name = "InstallError";
  }
}

/**
 * Runs `npm ci` in `root` when node_modules is missing, half done, or of another package-lock.json. Two at once: the second waits and finds
 * the work done. Throws InstallError with one line.
 */
async function ensureNodeModules({
  root = ROOT,
  progress = (line) => console.error(line),
  npm = npmCommand(),
  nodeVersion = process.versions.node,
} = {}) {
  checkNode(nodeVersion);
  checkWritable(root);
  const stamp = stampOf(root);
  if (isCurrent(root, stamp)) return;
  const waiting = (pid) => progress(`another process (${pid}) is installing the node packages: waiting for it`);
  await withLock(
    path.join(root, ".redstream", "npm-install.lock"),
    async (hold) => {
      if (isCurrent(root, stamp)) return;
      if (isInstalledFromLock(root)) {
        // Somebody ran `npm ci` by hand.
        writeFileSync(stampFile(root), stamp);
        return;
      }
      rmSync(stampFile(root), { force: true });
      await npmCi(root, npm, progress, hold);
      writeFileSync(stampFile(root), stamp);
    },
    waiting,
  );
}

function checkNode(version) {
  if (Number(version.split(".")[0]) >= NODE_MAJOR) return;
  throw new InstallError(
    `Node.js ${NODE_MAJOR} or later is needed, this is ${version}: install a current Node.js and start again`,
  );
}

/** Every command writes here: packages, bundles, the folder of its run. */
function checkWritable(root) {
  try {
    accessSync(root, constants.W_OK);
  } catch ({ code }) {
    throw new InstallError(
      `${root} cannot be written to (${code}), and packages and runs are kept there: copy the project to a folder of your own and start there`,
    );
  }
}

/** One line for what node_modules must be: the lock file, and the platform its native parts are for. */
function stampOf(root) {
  const file = path.join(root, "package-lock.json");
  if (!existsSync(file))
    throw new InstallError(`${file} is missing: take it from the repository (git checkout package-lock.json)`);
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
  return `${hash} ${process.platform}-${process.arch}\n`;
}

const stampFile = (root) => path.join(root, "node_modules", ".redstream-stamp");

function isCurrent(root, stamp) {
  return existsSync(stampFile(root)) && readFileSync(stampFile(root), "utf8") === stamp;
}

/**
 * True if npm itself finished installing from this very lock file: it writes node_modules/.package-lock.json last. Optional packages (those
 * of other platforms) may be absent; every other one must be there in the locked version, and none besides.
 */
function isInstalledFromLock(root) {
  const installed = packagesOf(path.join(root, "node_modules", ".package-lock.json"));
  const locked = packagesOf(path.join(root, "package-lock.json"));
  if (!installed || !locked) return false;
  for (const [name, { version, integrity }] of Object.entries(installed)) {
    if (locked[name]?.version !== version || locked[name]?.integrity !== integrity) return false;
  }
  return Object.entries(locked).every(([name, { optional, devOptional, peer }]) => {
    if (name === "" || optional || devOptional || peer) return true;
    return name in installed && existsSync(path.join(root, name));
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/** npm as it was called (`npm start`), else the one on the PATH. */
function npmCommand() {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") && existsSync(script) ? [process.execPath, script] : ["npm"];
}

function npmCi(root, [program, ...first], progress, hold) {
  progress("installing the node packages of package-lock.json (npm ci): a minute or two the first time");
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...first, "ci"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined) hold(child.pid);
    const heartbeat = setInterval(() => progress(`still installing the node packages, ${seconds()} s`), HEARTBEAT_MS);
    let said = "";
    const listen = (chunk) => {
      said += chunk;
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.on("error", (error) => {
      clearInterval(heartbeat);
      reject(new InstallError(`npm could not be started (${error.message}): install npm, which comes with Node.js`));
    });
    child.on("close", (code, signal) => {
      clearInterval(heartbeat);
      if (code === 0) {
        progress(`node packages installed in ${seconds()} s`);
        return resolve();
      }
      const reasons = said
        .split("\n")
        .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log|A complete log/.test(line));
      const reason =
        reasons
          .slice(0, 3)
          .map((line) => line.replace(/^npm (error|ERR!)\s*/, ""))
          .join(" ") || said.trim().split("\n").at(-1);
      reject(
        new InstallError(
          `npm ci failed (${signal ?? `exit code ${code}`}) in ${root}: ${reason}. Run "npm ci" to see all of it`,
        ),
      );
    });
  });
}

module.exports = { ensureNodeModules, InstallError };
