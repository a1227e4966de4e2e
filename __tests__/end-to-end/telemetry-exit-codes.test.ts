import { readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type CommandResult, runCommand } from "../../local/setup/command";
import { networkEnvironment } from "../../local/setup/environment";
import { setUp } from "../../local/setup/set-up";
import { fast, recordsOf } from "./support/records";
import { type Configuration, changedCopy, resourceAt, synthesizeWith } from "./support/synthesized";

const STACK = "telemetry-warehouse";
const RECORDS = 60;
/** Those of them that the SELECT takes. */
const LAPS = recordsOf(RECORDS, 1).filter(fast()).length;

const NOTHING_WRONG = "nothing changed";

/** What is wrong in each copy, as a person could get it wrong; and the copy as it was, so that what ends otherwise does so by its change. */
const CHANGES: Readonly<Record<string, (configuration: Configuration, folder: string) => void>> = {
  [NOTHING_WRONG]: () => undefined,
  "COPY options with another delimiter than the files have": (configuration) => {
    resourceAt(
      configuration,
      "aws_kinesis_firehose_delivery_stream",
      "/processed-delivery/stream",
    ).redshift_configuration.copy_options = "CSV DELIMITER '|'";
  },
  "a processor that adds nothing": (_, folder) => {
    const assets = path.join(folder, "assets");
    const sources = readdirSync(assets, { recursive: true, encoding: "utf8" });
    const processor = sources.filter((file) => /^ingest_transform_package_source.*index\.js$/.test(file));
    expect(processor).toHaveLength(1);
    writeFileSync(
      path.join(assets, processor[0]!),
      'exports.handler = async ({ records }) => ({ records: records.map((r) => ({ ...r, result: "Ok" })) });\n',
    );
  },
  "an API role that may not put a record": (configuration) => {
    const documents = Object.values<Configuration>(configuration.data.aws_iam_policy_document);
    const statements = documents
      .filter((document) => document["//"].metadata.path.endsWith("/ingest/stream/put-ingest-api-role-document"))
      .flatMap(({ statement }) => statement)
      .filter(({ actions }) => actions.includes("kinesis:PutRecord"));
    expect(statements).toHaveLength(1);
    statements[0].actions = statements[0].actions.filter((action: string) => action !== "kinesis:PutRecord");
  },
};

const ended: Record<string, CommandResult> = {};

/** The real command on each copy, all at once: two runs do not meet, and most of the time is waiting. */
beforeAll(async () => {
  const synthesized = await synthesizeWith();
  // So that the runs do not wait for one another with it.
  await setUp(() => undefined);
  await Promise.all(
    Object.entries(CHANGES).map(async ([name, change]) => {
      const from = changedCopy(synthesized, STACK, change);
      const options = [
        "--from",
        from,
        "--records",
        String(RECORDS),
        "--concurrency",
        String(RECORDS),
        "--speed",
        "600",
      ];
      ended[name] = await runCommand(process.execPath, ["cli/redstream.js", "up", STACK, ...options], {
        env: networkEnvironment(),
      });
    }),
  );
}, 900_000);

/** The lines of a summary that say what does not add up. */
const notSo = ({ stdout }: CommandResult) => stdout.split("\n").filter((line) => line.startsWith("NO  "));

/** What the summary says of one hop. */
const hop = ({ stdout }: CommandResult, name: string) =>
  stdout
    .split("\n")
    .find((line) => line.startsWith(`${name}  `))
    ?.slice(name.length)
    .trim();

describe("npm start with", () => {
  it(`${NOTHING_WRONG} ends with exit code 0, everything ok, the fast laps in the table`, () => {
    const run = ended[NOTHING_WRONG]!;
    expect({ code: run.code, stderr: run.stderr, notSo: notSo(run) }).toEqual({ code: 0, stderr: "", notSo: [] });
    expect(run.stdout).toMatch(/^It adds up, after [\d.]+ s\.$/m);
    expect(hop(run, "table public.demo_cluster_dbtable")).toBe(`rows ${LAPS}`);
  });

  it.each(Object.keys(CHANGES).filter((name) => name !== NOTHING_WRONG))(
    "%s ends with exit code 1 and says so",
    (name) => {
      const { code, stdout, stderr } = ended[name]!;
      expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
      expect(stdout).toMatch(/^It does NOT add up, after [\d.]+ s\.$/m);
    },
  );

  it("another delimiter loads nothing: COPY fails until its retry duration ends", () => {
    const run = ended["COPY options with another delimiter than the files have"]!;
    expect(notSo(run)).toEqual([expect.stringMatching(/^NO {2}every selected record arrived \(0\)$/)]);
    const [, delivered, failures, loaded, abandoned] =
      /delivered (\d+) .*copies 0 · copy failures (\d+) · loaded (\d+) · abandoned (\d+)/
        .exec(hop(run, "Firehose, processed") ?? "")
        ?.map(Number) ?? [];
    expect({ delivered, loaded, abandoned }).toEqual({ delivered: LAPS, loaded: 0, abandoned: LAPS });
    // Retried every five minutes of AWS's time for an hour, each file by itself.
    expect(failures).toBeGreaterThan(1);
  });

  it("another processor delivers what that one makes", () => {
    expect(notSo(ended["a processor that adds nothing"]!)).toEqual([
      `NO  every raw record has its EXTRA2 (0 of ${RECORDS})`,
    ]);
  });

  it("a role without the right puts nothing, and no record counts as accepted", () => {
    const run = ended["an API role that may not put a record"]!;
    expect(hop(run, "emit")).toBe(
      `sent ${RECORDS} · accepted 0 · retried ${RECORDS * 9} · refused 0 · lost ${RECORDS}`,
    );
    expect(run.stdout).toContain("answered with 502");
  });
});
