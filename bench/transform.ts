import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { telemetryRecords } from "../cli/emit";
import { runCommand } from "../local/setup/command";
import { networkEnvironment } from "../local/setup/environment";
import { interleaved, median, ratio } from "./measure";
import { type Section, times, whole } from "./table";

const ROUNDS = 5;
const RECORDS = 500;
const BUNDLE = ".build/lambda/transform-telemetry/index.js";

interface Answer {
  readonly records: readonly { readonly recordId: string; readonly result: string; readonly data: string }[];
}

/** The Firehose processor against the Python blueprint: the same events, the same checks. */
export async function benchTransform(progress: (line: string) => void): Promise<Section> {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-transform-"));
  try {
    const file = path.join(folder, "event.json");
    writeFileSync(file, JSON.stringify(event()));
    const python = (what: string) => said("python3", ["bench/transform/blueprint.py", file, what]);
    const ours = (what: string) => said(process.execPath, ["bench/transform/ours.js", file, what]);
    checkSame(JSON.parse(await python("answer")), JSON.parse(await ours("answer")));
    progress(`transform, ${ROUNDS} rounds of ${RECORDS} records`);
    const runs = await interleaved<number, "blueprint" | "ours" | "import">(ROUNDS, {
      blueprint: async () => Number(await python("1")),
      ours: async () => Number(await ours("1")),
      import: async () => Number(await ours("import")),
    });
    const faster = ratio(runs.ours, runs.blueprint);
    const bytes = statSync(BUNDLE).size;
    const load = median(runs.import);
    return {
      title: "Transform",
      text: `${RECORDS} records a call, 1 % of them bad in one of four ways, each validated; the handler as it is deployed against AWS's Python blueprint with the same checks. Both give the same result for each record, and the same values in it.`,
      head: ["way", "records a CPU-second", "ratio"],
      rows: [
        ["Python blueprint", whole(median(runs.blueprint)), times(1)],
        ["lambda-src/transform-telemetry", whole(median(runs.ours)), times(faster)],
      ],
      goals: [
        { says: "at least 5 times the blueprint per CPU-second", got: times(faster), kept: faster >= 5 },
        { says: "the bundle is at most 4 KB", got: `${whole(bytes)} bytes`, kept: bytes <= 4096 },
        { says: "its import takes at most 3 ms of CPU", got: `${load.toFixed(1)} ms`, kept: load <= 3 },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Firehose event with telemetry of one seed; every hundredth record is bad, in turn in one of four ways. */
function event(): object {
  const source = telemetryRecords(7);
  const bad = [
    "{",
    '{"fuel_consumption":1}',
    '{"fuel_consumption":"1","lap_time":1}',
    '{"fuel_consumption":1,"lap_time":1,"EXTRA2":2}',
  ];
  const records = Array.from({ length: RECORDS }, (_, i) => {
    const text = JSON.stringify(source.next().value);
    const data = i % 100 === 99 ? bad[((i - 99) / 100) % bad.length]! : text;
    return { recordId: String(i), approximateArrivalTimestamp: 0, data: Buffer.from(data).toString("base64") };
  });
  return { invocationId: "bench", deliveryStreamArn: "bench", region: "us-east-1", records };
}

/** The two may space and order a document in other ways; what it says must be the same. */
function checkSame(theirs: Answer, ours: Answer): void {
  const plain = ({ records }: Answer) =>
    JSON.stringify(
      records.map(({ recordId, result, data }) => {
        const text = Buffer.from(data, "base64").toString("utf8");
        return [recordId, result, result === "Ok" ? JSON.parse(text) : text];
      }),
    );
  if (plain(theirs) !== plain(ours)) throw new Error("the blueprint and the handler give different answers");
}

async function said(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(program, args, { env: networkEnvironment() });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stderr.trim()}`);
  return stdout.trim();
}
