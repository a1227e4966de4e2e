import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { withLock } from "../../tools/lock";
import { lastLine, runCommand } from "./command";
import { networkEnvironment } from "./environment";
import { SetupError } from "./problem";

/** Oldest Python the emulator runs on. */
const OLDEST = [3, 10] as const;

/** Tried in this order; the plain name first, then what distributions with an old default call a newer one. */
const NAMES = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

export interface PythonOptions {
  /** The project's folder. @default the working folder */
  readonly root?: string;
  /** Exact versions of everything to install. @default local/emulator/requirements.txt of the project */
  readonly requirements?: string;
  /** @default the environment of this process */
  readonly parent?: Readonly<NodeJS.ProcessEnv>;
}

/**
 * Answers the Python of a virtual environment that holds the emulator, and makes it first if need be: under `.redstream/venv/`, in a folder named
 * by what it holds. Nothing is moved into place (programs of a moved venv point to where it was): the folder counts once its stamp is written,
 * which is the last step, and an unfinished one is made anew. Throws SetupError with one line.
 */
export async function ensurePython(progress: (line: string) => void, options: PythonOptions = {}): Promise<string> {
  const root = path.resolve(options.root ?? ".");
  const requirements = options.requirements ?? path.join(root, "local", "emulator", "requirements.txt");
  const env = networkEnvironment({}, options.parent);
  const found = await findPython(env);
  const hash = createHash("sha256").update(readFileSync(requirements)).update(found.version).digest("hex").slice(0, 16);
  const folder = path.join(root, ".redstream", "venv", hash);
  if (isComplete(folder)) return pythonOf(folder);
  return withLock(
    `${folder}.lock`,
    async (hold) => {
      if (!isComplete(folder)) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(path.dirname(folder), { recursive: true });
        await createVenv(found.program, folder, env);
        await install(folder, requirements, env, progress, hold);
        writeFileSync(stampFile(folder), folder);
      }
      return pythonOf(folder);
    },
    (pid) => progress(`another process (${pid}) is making the Python environment: waiting for it`),
  );
}

const pythonOf = (folder: string) => path.join(folder, "bin", "python");
const stampFile = (folder: string) => path.join(folder, ".complete");

/** Finished, at the place it was made for, and its base Python still there (bin/python is a link to it). */
function isComplete(folder: string): boolean {
  const stamp = stampFile(folder);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === folder && existsSync(pythonOf(folder));
}

interface Python {
  readonly program: string;
  readonly version: string;
}

/** The first Python that is new enough and can make a virtual environment. */
async function findPython(env: Record<string, string>): Promise<Python> {
  const report =
    "import sys, importlib.util as u; print('%d.%d.%d' % sys.version_info[:3], *[m for m in ('venv', 'ensurepip') if not u.find_spec(m)])";
  let problem: string | undefined;
  for (const program of NAMES) {
    const answer = await runCommand(program, ["-c", report], { env, timeoutMs: 20_000 });
    if (answer.code !== 0) continue;
    const [version = "", ...missing] = answer.stdout.trim().split(" ");
    if (!isNewEnough(version)) {
      problem ??= `Python ${OLDEST.join(".")} or later is needed for the emulator, ${program} is ${version}: install a newer python3`;
    } else if (missing.length > 0) {
      problem ??= `${program} (${version}) has no module ${missing.join(" and no module ")}, which makes virtual environments: install it (Debian and Ubuntu: apt-get install python3-venv)`;
    } else {
      return { program, version };
    }
  }
  throw new SetupError(
    problem ??
      `python3 is not on the PATH; the emulator needs Python ${OLDEST.join(".")} or later: install it and start again`,
  );
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

async function createVenv(program: string, folder: string, env: Record<string, string>): Promise<void> {
  const made = await runCommand(program, ["-m", "venv", folder], { env });
  if (made.code === 0) return;
  rmSync(folder, { recursive: true, force: true });
  throw new SetupError(
    `${program} could not make a virtual environment in ${folder}: ${lastLine(made.stderr) || lastLine(made.stdout)} (Debian and Ubuntu: apt-get install python3-venv)`,
  );
}

async function install(
  folder: string,
  requirements: string,
  env: Record<string, string>,
  progress: (line: string) => void,
  hold: (pid: number) => void,
): Promise<void> {
  progress("installing the emulator into its own Python environment: about half a minute the first time");
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const heartbeat = setInterval(() => progress(`still installing the emulator, ${seconds()} s`), 10_000);
  // --no-deps: the file names everything, so that nothing enters in a version nobody has seen.
  const args = ["-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--requirement", requirements];
  const done = await runCommand(pythonOf(folder), args, { env, onStart: hold }).finally(() => clearInterval(heartbeat));
  if (done.code !== 0) {
    const reason = done.stderr.split("\n").find((line) => line.startsWith("ERROR:")) ?? lastLine(done.stderr);
    rmSync(folder, { recursive: true, force: true });
    throw new SetupError(
      `pip could not install ${requirements}: ${reason.replace(/^ERROR:\s*/, "").trim()}. Check the network and pip's configuration, then start again`,
    );
  }
  progress(`emulator installed in ${seconds()} s`);
}
