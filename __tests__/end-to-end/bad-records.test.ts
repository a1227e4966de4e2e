import { S3Client } from "@aws-sdk/client-s3";
import { BAD_KINDS, type BadResult, type EmitResult, emitAuthOf, keyOf, sendBad } from "../../cli/emit";
import { linesOf, objectsOf } from "../../cli/up/objects";
import { addsUp, linesOfSummary } from "../../cli/up/summary";
import { sumUpTelemetry } from "../../cli/up/telemetry";
import { TEST_KEYS } from "../../local/setup/environment";
import { Applied } from "./support/applied";
import { multiset, rawLine, recordsOf } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

/** One bad or odd record in a hundred, each kind by the API and straight to the stream as of another producer, among good ones. */

const GOOD = 5200;
const SEED = 21;

let lake: Applied;
let sent: EmitResult;
let bad: BadResult;
const objects = new Map<string, string>();
beforeAll(async () => {
  let synthesized: string;
  [synthesized, lake] = await Promise.all([synthesizeWith(), Applied.start("telemetry-lake", 60)]);
  await lake.apply(synthesized);
  await lake.startAnalytics();
  const { gateway, outputs } = lake;
  const caller = { region: gateway.aws.region, endpoint: gateway.endpoint, credentials: TEST_KEYS };
  [sent, bad] = await Promise.all([
    lake.send(GOOD, SEED, 100),
    sendBad({
      ...caller,
      url: outputs.api_url,
      auth: await emitAuthOf({ ...outputs }, caller),
      dataStream: outputs.stream_name,
      deliveryStream: outputs.raw_delivery_stream,
      records: GOOD / 100,
      seed: SEED + 1,
      signal: new AbortController().signal,
    }),
  ]);
  await lake.settle();
  for await (const { key, text } of objectsOf(new S3Client(gateway.aws.internal), outputs.raw_bucket)) {
    objects.set(key, text);
  }
}, 600_000);
afterAll(() => lake?.stop());

const linesUnder = (start: RegExp) => [...objects].flatMap(([key, text]) => (start.test(key) ? linesOf(text) : []));

it("each kind, by each entry, is refused with its status or taken", () => {
  const answers = bad.answers.map(({ kind, entry, answer, count }) => `${kind.name}, ${entry}: ${answer} ${count}`);
  const expected = BAD_KINDS.flatMap(({ name, fate }) =>
    Object.entries(fate).map(([entry, one]) => `${name}, ${entry}: ${one.kind === "refused" ? one.status : "taken"} 2`),
  );
  expect(answers.sort()).toEqual(expected.sort());
});

it("every good record lies in the raw bucket as it was sent, and every odd one with what is odd in it", () => {
  expect(sent).toMatchObject({ accepted: GOOD, refused: 0, lost: 0, unknown: 0 });
  const lines = linesUnder(/^(?!errors\/)/);
  const good = new Set(recordsOf(GOOD, SEED).map(rawLine));
  expect(multiset(lines.filter((line) => good.has(line)))).toEqual(multiset([...good]));
  const odd = lines.filter((line) => !good.has(line));
  const seen = (what: RegExp) => odd.filter((line) => what.test(line)).length;
  expect({
    odd: odd.length,
    twice: seen(/^\{"lap_time":1,"speed":.*,"lap_time":[\d.]+,"EXTRA2":[\d.]+\}$/),
    deep: seen(/,"deep":\[{500}\]{500},"EXTRA2":/),
    far: seen(/,"far":1e400,"EXTRA2":/),
    digits: seen(/,"id":12345678901234567890,"EXTRA2":/),
    already: seen(/,"lap_time":[\d.]+,"EXTRA2":[\d.]+\}$/) - seen(/^\{"lap_time":1,/),
  }).toEqual({ odd: 20, twice: 4, deep: 4, far: 4, digits: 4, already: 4 });
});

it("every bad record that was taken lies under the error prefix, its rawData the record byte for byte", () => {
  const documents = linesUnder(/^errors\/processing-failed\//).map((line) => JSON.parse(line));
  expect([...new Set(documents.map(({ errorCode }) => errorCode))]).toEqual(["Lambda.ProcessingFailedStatus"]);
  const found = documents.map(({ rawData }) => keyOf(Buffer.from(rawData, "base64")));
  expect(multiset(found)).toEqual(multiset([...bad.rejected].flatMap(([key, { count }]) => Array(count).fill(key))));
});

it("nothing else lies under the error prefix", () => {
  expect(linesUnder(/^errors\/(?!processing-failed\/)/)).toEqual([]);
});

it("the summary counts them by what they are, says what became of each kind, and adds up", async () => {
  const summary = await sumUpTelemetry(lake.gateway.aws, lake.outputs, sent, SEED, bad);
  const reason = "(Lambda.ProcessingFailedStatus: ProcessingFailed status set for record)";
  expect(new Map([...summary.rejected].sort())).toEqual(
    new Map([
      [`NaN ${reason}`, 2],
      [`an empty record ${reason}`, 2],
      [`another EXTRA2 ${reason}`, 4],
      [`broken JSON ${reason}`, 2],
      [`invalid UTF-8 ${reason}`, 4],
      [`no lap_time ${reason}`, 4],
      [`text as lap_time ${reason}`, 4],
    ]),
  );
  expect(summary.checks.filter(({ holds }) => !holds)).toEqual([]);
  expect(addsUp(summary)).toBe(true);
  expect(linesOfSummary(summary)).toEqual(
    expect.arrayContaining([
      "ok  broken JSON, by the API: refused with 400 (2 of 2)",
      "ok  2 MB, by the API: refused with 413 (2 of 2)",
      "ok  invalid UTF-8, straight to the stream: under the error prefix, byte for byte (2 of 2)",
      "ok  1e400, by the API: taken as it is (2 of 2)",
      expect.stringMatching(/^ok {2}the raw records are those that were sent, by checksum \([0-9a-f]{16}\)$/),
    ]),
  );
}, 120_000);
