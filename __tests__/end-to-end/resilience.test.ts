import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { belongsTo, listProcesses } from "../../local/runs/processes";
import { readRecord } from "../../local/runs/run";
import { liveRuns } from "../../local/runs/runs";
import { setUp } from "../../local/setup/set-up";
import { temporary } from "../support/programs";
import { redstream, Started } from "./support/command";

/** Runs that are interrupted, killed, or beside each other; and what they must not write down. One story, in this order. */
const MINUTES = 60_000;
jest.setTimeout(6 * MINUTES);

const LAKE = ["up", "telemetry-lake"];
const FEW = ["--records", "100"];
const scratch = temporary("resilience");
/** Runs of this test that are still under way; none outlives it. */
const started: Started[] = [];

beforeAll(async () => {
  // Once, with the person's own HOME: the runs below may have another.
  await setUp(() => undefined);
});
afterAll(async () => {
  for (const each of started) if (each.code === undefined) each.signal("SIGTERM");
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(scratch, { recursive: true, force: true });
});

const up = (args: readonly string[], options: ConstructorParameters<typeof Started>[2] = {}) => {
  const run = redstream([...LAKE, ...args], options);
  started.push(run);
  return run;
};

/** Folder of the run that a process of ours owns, as long as it lives. */
function folderOf(run: Started): string {
  const processes = new Map(listProcesses().map((one) => [one.pid, one]));
  const found = liveRuns(".").find(({ record }) => {
    const owner = processes.get(record.owner.pid);
    return owner?.pid === run.pid || owner?.group === run.pid;
  });
  if (!found) throw new Error(`process ${run.pid} owns no run:\n${run.said}`);
  return found.folder;
}

/** Processes whose environment or command line names a run's folder. */
const processesOf = (folder: string) => listProcesses().filter(({ pid }) => belongsTo(pid, folder));

/** In the middle of the apply: Terraform and its plugin are at work. */
const applying = (run: Started) => run.says(/[1-9]\d* of \d+ done/);

describe("Ctrl-C in the middle of the apply", () => {
  it.each([
    ["to the process alone", (run: Started) => run.signal("SIGINT")],
    ["to the whole group, as a terminal sends it", (run: Started) => run.signalGroup("SIGINT")],
  ])("(%s) ends everything that was started, with one line and exit code 1", async (_, interrupt) => {
    const run = up(FEW, { group: true });
    await applying(run);
    const folder = folderOf(run);
    expect(processesOf(folder).length).toBeGreaterThan(1);
    interrupt(run);
    await run.ended;
    expect([run.code, run.stderr]).toEqual([1, "redstream: stopped by SIGINT; everything it had started has ended\n"]);
    expect(processesOf(folder)).toEqual([]);
  });
});

describe("after kill -9", () => {
  const killed: string[] = [];

  it("of npm start with all its group while it applies, and of a run while data flows, there is something left to clean", async () => {
    const npm = new Started("npm", ["start", "--", ...LAKE.slice(1), ...FEW], { group: true });
    const sending = up(["--records", "100000", "--rate", "20"]);
    started.push(npm);
    await applying(npm);
    killed.push(folderOf(npm));
    npm.signalGroup("SIGKILL");
    await sending.says(/emit: /);
    killed.push(folderOf(sending));
    sending.signal("SIGKILL");
    await Promise.all([npm.ended, sending.ended]);
    expect(killed.map((folder) => readRecord(folder)!.processes.map(({ what }) => what))).toEqual([
      ["emulator", "terraform", "terraform"],
      ["emulator", "terraform", "terraform", "terraform"],
    ]);
  });

  const marker = `planted${randomBytes(6).toString("hex")}`;
  let folders: string[];
  let both: Started[];

  it("two starts at once both work, one with profile prod and a state in HCP Terraform", async () => {
    const settings = path.join(scratch, "settings.json");
    writeFileSync(
      settings,
      JSON.stringify({
        profile: "prod",
        backend: { kind: "hcp", organization: "nobody" },
        warehouse: { acknowledgePublicAddress: true },
      }),
    );
    both = [up(FEW, { env: planted(marker) }), up(FEW, { env: { ...planted(marker), REDSTREAM_SETTINGS: settings } })];
    await Promise.all(both.map((run) => run.says(/the local AWS is up/)));
    folders = both.map(folderOf);
    await Promise.all(both.map(({ ended }) => ended));
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    for (const { stdout } of both) expect(stdout).toMatch(/^It adds up, after /m);
    expect(both[1]!.stdout).toContain(
      "stands in: a state of this copy's own stands in for the workspace of the stack's cloud block, which is neither read nor written",
    );
  });

  it("no process of the killed runs is left, nor of those that ended", () => {
    expect([...killed, ...folders].flatMap(processesOf)).toEqual([]);
  });

  it("secrets of the person's environment and profile are in no state, log, output or file", () => {
    const found = spawnSync("grep", ["-rlaF", marker, ...folders, ".redstream/terraform"], { encoding: "utf8" });
    expect([found.status, found.stdout]).toEqual([1, ""]);
    for (const { said } of both) expect(said).not.toContain(marker);
  });

  /** The environment of a person who works for accounts: keys, tokens, variables, profiles. */
  function planted(secret: string): NodeJS.ProcessEnv {
    const home = path.join(scratch, "home");
    mkdirSync(path.join(home, ".aws"), { recursive: true });
    const keys = `aws_access_key_id = ${secret}\naws_secret_access_key = ${secret}\n`;
    writeFileSync(path.join(home, ".aws", "credentials"), `[default]\n${keys}[work]\n${keys}`);
    writeFileSync(path.join(home, ".aws", "config"), `[profile work]\nregion = eu-west-1\n${keys}`);
    return {
      // A Python by pyenv is found by its root, which is in the person's own HOME.
      PYENV_ROOT: path.join(process.env.HOME ?? "", ".pyenv"),
      ...process.env,
      HOME: home,
      AWS_PROFILE: "work",
      AWS_ACCESS_KEY_ID: secret,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_SESSION_TOKEN: secret,
      TF_TOKEN_app_terraform_io: secret,
      TF_VAR_x: secret,
    };
  }
});
