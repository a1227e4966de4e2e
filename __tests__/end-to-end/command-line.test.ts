import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import * as path from "node:path";
import { takeStack, terraformFor } from "../../local/apply";
import { Run } from "../../local/runs/run";
import { setUp } from "../../local/setup/set-up";
import { pathWith, temporary } from "../support/programs";
import { redstream, run } from "./support/command";
import { synthesizeWith } from "./support/synthesized";

/** What is wrong is said in one clear line: what, where, the value given, the values allowed, what to do. */
const MINUTES = 60_000;
jest.setTimeout(2 * MINUTES);

const folder = temporary("command-line");
const settingsFile = path.join(folder, "settings.json");
let taken: Server;
let port: number;
beforeAll(async () => {
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  port = (taken.address() as { port: number }).port;
});
afterAll(async () => {
  await new Promise((resolve) => taken.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** The exit code and all that stands on stderr. */
async function refusal(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { code, stderr } = await redstream(args, { env: { ...process.env, ...env } }).ended;
  return [code, stderr];
}
/** One line, exit code 1. */
const oneLine = (line: string) => [1, `${line}\n`];

describe("npm start with a settings file", () => {
  const REGIONS = expect.stringMatching(
    /^redstream: telemetry-warehouse\/warehouse: region must be one in which Firehose delivers to Redshift: af-south-1, .*, us-west-2; got "us-moon-1"\n$/,
  );

  it.each<[string, object | string, string | typeof REGIONS]>([
    ["an unknown Region", { region: "us-moon-1" }, REGIONS],
    [
      "a buffer of 200 MB",
      { telemetry: { bufferingSizeMb: 200 } },
      "redstream: telemetry-lake/ingest/raw-delivery: bufferingSizeMb must be between 1 and 128, got 200\n",
    ],
    [
      "a table name with a quote",
      { warehouse: { table: "o'brien" } },
      `redstream: telemetry-warehouse/migrations: table must be 1 to 127 of a-z, 0-9 and _, a letter or _ first, got "o'brien"\n`,
    ],
    [
      "the engine spark",
      { telemetry: { engine: "spark" } },
      'redstream: telemetry-lake/fast-laps/application: engine must be one of flink, sql, got "spark"\n',
    ],
    [
      "half of it written",
      '{"telemetry": {"auth": "iam"',
      // The words in parentheses are those of Node.js.
      expect.stringMatching(/^redstream: \S+settings\.json: is not whole JSON \([^\n]+\)\n$/),
    ],
    [
      "a setting that is none",
      { telemetry: { bufferSizeMb: 5 } },
      `redstream: ${settingsFile}: telemetry.bufferSizeMb is not a setting; see the README's table\n`,
    ],
    [
      "an HCP backend without its organization",
      { backend: { kind: "hcp" } },
      `redstream: ${settingsFile}: backend.organization is missing\n`,
    ],
    [
      "profile prod and a local state",
      { profile: "prod" },
      `redstream: ${settingsFile}: profile prod with a local state would leave the state on one laptop; set backend.kind to s3 or hcp\n`,
    ],
  ])("that has %s says so in one line", async (_, content, expected) => {
    writeFileSync(settingsFile, typeof content === "string" ? content : JSON.stringify(content));
    expect(await refusal(["up"], { REDSTREAM_SETTINGS: settingsFile })).toEqual([1, expected]);
  });

  it("that is not there says so in one line", async () => {
    const absent = path.join(folder, "absent.json");
    expect(await refusal(["up"], { REDSTREAM_SETTINGS: absent })).toEqual(
      oneLine(`redstream: ${absent}: cannot be read (ENOENT); REDSTREAM_SETTINGS must name a JSON file`),
    );
  });
});

describe("npm run synth with a settings file", () => {
  const PARTITIONS = { lap_gear: { expression: ".gear", values: ["7"] } };

  it.each<[string, object | string, string]>([
    [
      "Parquet and a buffer of 5 MB",
      { telemetry: { bufferingSizeMb: 5, raw: { format: "parquet" } } },
      "telemetry-lake/ingest/raw-delivery: bufferingSizeMb must be between 64 and 128 with format PARQUET, got 5",
    ],
    [
      "dynamic partitioning and zero buffering",
      { telemetry: { bufferingIntervalSeconds: 0, raw: { partitioning: PARTITIONS } } },
      "telemetry-lake/ingest/raw-delivery: bufferingIntervalSeconds 0 (zero buffering) contradicts partitioning, which gathers by partition; give 1 to 900 or leave partitioning out",
    ],
    [
      "an error prefix without its expression",
      { telemetry: { raw: { errorPrefix: "failed/" } } },
      'telemetry-lake/ingest/raw-delivery: errorPrefix must hold !{firehose:error-output-type}, got "failed/"',
    ],
    [
      "SSE of a delivery stream with a Kinesis source",
      { telemetry: { raw: { encryptAtRest: true } } },
      'telemetry-lake: telemetry.raw.encryptAtRest true contradicts telemetry.engine "flink", with which the delivery stream reads a Kinesis data stream, whose own encryption counts; leave it out',
    ],
    [
      "two kinds of auth",
      { telemetry: { auth: ["iam", "apiKey"] } },
      `${settingsFile}: telemetry.auth must be one of iam, apiKey, cognito, none, got ["iam","apiKey"]`,
    ],
    [
      "two kinds of auth by what goes with the other",
      { telemetry: { auth: "iam", keyRequestsPerDay: 1000 } },
      'telemetry-lake/ingest/api: keyRequestsPerDay is for auth "apiKey", got auth "iam"',
    ],
    [
      "a COPY of CSV with jsonpaths",
      { warehouse: { copyOptions: "CSV json 's3://paths/laps.json'" } },
      "telemetry-warehouse/processed-delivery: copyOptions CSV and JSON exclude each other: a COPY has one format; leave one out, got \"CSV json 's3://paths/laps.json'\"",
    ],
    [
      "half of it written",
      '{"telemetry": {"auth"',
      // The words in parentheses are those of Node.js.
      `${settingsFile}: is not whole JSON (`,
    ],
  ])("that has %s says so in one line", async (_, content, line) => {
    writeFileSync(settingsFile, typeof content === "string" ? content : JSON.stringify(content));
    const env = { ...process.env, REDSTREAM_SETTINGS: settingsFile, CDKTF_OUTDIR: path.join(folder, "cdktf.out") };
    const { code, stdout, stderr } = await run(process.execPath, ["tools/synth.js"], { env });
    expect([code, stdout, stderr.split("\n").length]).toEqual([1, "", 2]);
    expect(stderr.slice(0, -1).replace(/(?<=is not whole JSON \().*/, "")).toBe(line);
  });
});

describe("npm start", () => {
  it.each([
    [
      "another pipeline",
      ["nope"],
      "error: command-argument value 'nope' is invalid for argument 'pipeline'. Allowed choices are telemetry-warehouse, telemetry-lake, event-monitor, s3-loader, orders.",
    ],
    [
      "no number of records",
      ["--records", "many"],
      "error: option '--records <n>' argument 'many' is invalid. It must be a whole number between 1 and 1000000000.",
    ],
    [
      "no port",
      ["--port", "70000"],
      "error: option '--port <n>' argument '70000' is invalid. It must be a whole number between 1 and 65535.",
    ],
    [
      "a folder with nothing in it",
      ["--from", "/nonexistent"],
      "redstream: /nonexistent/manifest.json cannot be read; nothing is synthesized in /nonexistent: synthesize first",
    ],
  ])("with %s says so in one line", async (_, args, line) => {
    expect(await refusal(["up", ...args])).toEqual(oneLine(line));
  });

  it("on a port that is taken says so in one line", async () => {
    const line = oneLine(
      `redstream: Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another port`,
    );
    expect(await refusal(["up", "telemetry-lake", "--port", String(port)])).toEqual(line);
  });

  it("without Terraform says so in one line", async () => {
    const bare = pathWith({});
    symlinkSync(process.execPath, path.join(bare, "node"));
    expect(await refusal(["up"], { PATH: bare })).toEqual(
      oneLine(
        "redstream: terraform is not on the PATH: install Terraform 1.5 or later (developer.hashicorp.com/terraform/install) and start again",
      ),
    );
  });

  it("without Python's venv module says so in one line", async () => {
    const shadowed = pathWith({ python3: "echo 3.11.2 venv ensurepip" });
    for (const minor of [10, 11, 12, 13, 14]) symlinkSync("python3", path.join(shadowed, `python3.${minor}`));
    expect(await refusal(["up"], { PATH: `${shadowed}:${process.env.PATH}` })).toEqual(
      oneLine(
        "redstream: python3 (3.11.2) has no module venv and no module ensurepip, which makes virtual environments: install it (Debian and Ubuntu: apt-get install python3-venv)",
      ),
    );
  });
});

describe("other commands", () => {
  it("serve refuses what is no Region", async () => {
    expect(await refusal(["serve", "--region", "moon"])).toEqual(
      oneLine(
        "error: option '--region <name>' argument 'moon' is invalid. It must be the name of a Region, such as us-east-1.",
      ),
    );
  });

  it("prepare refuses a place where the copy would share the project's own state", async () => {
    const root = path.resolve(".");
    expect(await refusal(["prepare", "telemetry-lake", "copy"])).toEqual(
      oneLine(
        `redstream: a copy in ${root}/copy would keep its state in ${root}/.terraform-state, where the stack in ${root}/cdktf.out keeps its own: give it a folder of its own, such as .redstream/copy/cdktf.out`,
      ),
    );
  });
});

describe("a stack whose state belongs elsewhere", () => {
  it.each([
    ["s3", { kind: "s3", bucket: "no-such-bucket", region: "us-east-1", lockTable: "no-such-table" }, "backend s3"],
    ["hcp", { kind: "hcp", organization: "nobody" }, "the workspace of the stack's cloud block"],
  ])("(%s) is initialised by the real Terraform with a state of the copy's own", async (_, backend, what) => {
    const from = await synthesizeWith({ profile: "prod", backend, warehouse: { acknowledgePublicAddress: true } });
    const root = temporary("elsewhere");
    try {
      const ready = await setUp(() => undefined);
      const own = Run.create({ root, stack: "telemetry-warehouse" });
      const stack = takeStack({ run: own, stack: "telemetry-warehouse", setUp: ready, from });
      expect(stack.prepared.standIns[0]).toBe(
        `a state of this copy's own stands in for ${what}, which is neither read nor written (redstream_override.tf.json)`,
      );
      const endpoint = "http://127.0.0.1:9";
      const terraform = terraformFor({ run: own, stack, setUp: ready, endpoint, progress: () => undefined });
      await terraform.init();
      await terraform.validate();
    } finally {
      for (const each of [root, path.dirname(from)]) rmSync(each, { recursive: true, force: true });
    }
  });
});
