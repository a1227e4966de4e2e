/**
 * A lock between processes of this machine, for work that two of them must not do at once (installing into one folder). Plain JavaScript
 * without packages: tools/install.js needs it before there are any.
 *
 * The lock is a file that appears with its content in one step (a hard link) and names the processes that hold it. A lock whose processes
 * are all dead is taken over, so nothing is left to clean after kill -9.
 */
const { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const path = require("node:path");

/**
 * Runs `work` while holding `file`. `onWait` is called once, with the pid of the holder, when another process holds it. `work` is given `hold(pid)`, which
 * names a child that must be over too before anyone else may enter (a child outlives a parent that is killed).
 */
async function withLock(file, work, onWait = () => {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  let holder = take(file, nameOf(process.pid));
  while (holder !== undefined) {
    if (!told) onWait(holder);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
    holder = take(file, nameOf(process.pid));
  }
  try {
    return await work((pid) => replace(file, `${nameOf(process.pid)} ${nameOf(pid)}`));
  } finally {
    rmSync(file, { force: true });
  }
}

/** Takes the lock and answers undefined, or answers the pid of a living holder. */
function take(file, names) {
  const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(own, names);
  try {
    linkSync(own, file);
    return undefined;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const content = read(file);
  if (content === undefined) return take(file, names);
  const living = content.split(" ").find((name) => isAlive(pidOf(name)) && nameOf(pidOf(name)) === name);
  if (living !== undefined) return pidOf(living);
  setAside(file, content);
  return take(file, names);
}

/** Removes a dead holder's lock. By renaming, so that of two that saw it dead only one removes it; the other puts back what it took by mistake. */
function setAside(file, deadContent) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== deadContent) {
    try {
      linkSync(aside, file);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
  rmSync(aside, { force: true });
}

function replace(file, names) {
  const own = `${file}.${process.pid}.next`;
  writeFileSync(own, names);
  renameSync(own, file);
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // ESRCH: a process that ended while its file in /proc was read.
    if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
    throw error;
  }
}

/**
 * The process's id with the time it started where that is easily had (Linux), so that another process that was given the same id, as happens
 * soon in a restarted container, is not taken for the holder.
 */
function nameOf(pid) {
  const stat = process.platform === "linux" ? (read(`/proc/${pid}/stat`) ?? "") : "";
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie holds nothing: nobody may ever come to collect it where a container has no init.
  return `${pid}:${fields[0] === "Z" ? "ended" : (fields[19] ?? "")}`;
}

const pidOf = (name) => Number(name.split(":")[0]);

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is another user's.
    return error.code === "EPERM";
  }
}

module.exports = { withLock, isAlive };
