import { median } from "../measure";
import { type Section, seconds, times, whole } from "../table";
import { type FileCost, LedgerMeter, READ_UNIT_BYTES } from "./capacity";
import { fillLedger } from "./fill";
import type { LoaderHands } from "./hands";

const FILES = 100;
const ROUNDS = 5;
/** Sizes of the ledger at which is looked, below the largest. */
const SIZES = [0, 10_000, 100_000];
/** Files of each kind, and how many of them are bad where some are. */
const KIND_FILES = 50;
const BAD = 5;

/** What a file costs in the ledger as that grows to so many items; and what it costs by what becomes of the file. */
export async function measureLedger(
  hands: LoaderHands,
  most: number,
  progress: (line: string) => void,
): Promise<Section[]> {
  const meter = new LedgerMeter();
  const grown = await grow(hands, meter, most, progress);
  return [grown.section, await byKind(hands, meter, { items: most, bytes: grown.bytes }, progress)];
}

async function grow(
  hands: LoaderHands,
  meter: LedgerMeter,
  most: number,
  progress: (line: string) => void,
): Promise<{ readonly section: Section; readonly bytes: number }> {
  // The first call of a process also makes its connections; and the first items are what the others are made after.
  await loadNew(hands, "warm", FILES);
  const measured: { readonly items: number; readonly cost: Range; readonly bytes: number; readonly took: number }[] =
    [];
  let items = 0;
  for (const size of [...SIZES.filter((candidate) => candidate < most), most]) {
    await fillLedger(hands.world, items, size, progress);
    items = size;
    const took: number[] = [];
    const costs: FileCost[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      took.push(await loadNew(hands, `ledger${size}-${round}`, FILES, meter));
      const taken = meter.taken();
      costs.push(...taken.costs);
      bytes = taken.largestItem;
    }
    measured.push({ items: size, cost: rangeOf(costs, ROUNDS * FILES), bytes, took: median(took) });
    progress(`${whole(size)} items in the ledger: ${FILES} files in ${seconds(median(took))}`);
  }
  const [first] = measured;
  const last = measured.at(-1)!;
  const growth = last.took / first!.took;
  const same = measured.every(({ cost }) => JSON.stringify(cost) === JSON.stringify(first!.cost));
  const section: Section = {
    title: "Ledger",
    text: `What a file costs in the ledger, by how many items stand in it, put there before: ${FILES} new files a call of the loader, ${ROUNDS} calls, each request counted with the object that it was about. A read is one strongly consistent Query of the object's own items, a write one conditional PutItem; capacity units are what AWS would count for these requests (items up to 4 KB are 1 unit of reading, up to 1 KB 1 of writing). Nothing is scanned, and no index but that of rejects is written. The time is the whole call's, its COPY included. A million items take the emulator 3.5 GB.`,
    head: [
      "items in the ledger",
      "reads a file",
      "read units",
      "writes a file",
      "write units",
      "largest item",
      `time of ${FILES} files, median`,
    ],
    rows: measured.map(({ items: count, cost, bytes, took }) => [
      whole(count),
      cost.reads,
      cost.readUnits,
      cost.writes,
      cost.writeUnits,
      `${bytes} bytes`,
      seconds(took),
    ]),
    goals: [
      {
        says: "every file costs the same, 1 read and 2 writes of one unit each, at every size",
        got: same
          ? `${first!.cost.reads} and ${first!.cost.writes}, ${first!.cost.readUnits} and ${first!.cost.writeUnits} units`
          : "not the same",
        kept: same && Object.values(first!.cost).join() === "1,1,2,2",
      },
      {
        says: `a call takes at most half as long again with ${whole(last.items)} items as with none`,
        got: times(growth),
        kept: growth <= 1.5,
      },
    ],
  };
  return { section, bytes: last.bytes };
}

async function byKind(
  hands: LoaderHands,
  meter: LedgerMeter,
  { items, bytes }: { readonly items: number; readonly bytes: number },
  progress: (line: string) => void,
): Promise<Section> {
  progress("what a file costs by what becomes of it");
  const put = (name: string, bad = 0) => hands.put(name, KIND_FILES, bad);
  const kinds: (readonly [string, Range])[] = [];
  const measure = async (times: number) => {
    const messages = await hands.take(KIND_FILES);
    const costs: (readonly FileCost[])[] = [];
    for (let time = 0; time < times; time++) {
      await hands.load(messages, [meter.rule]);
      costs.push(meter.taken().costs);
    }
    await hands.remove(messages);
    return costs;
  };
  await put("kind");
  const [fresh, again] = await measure(2);
  kinds.push(["a new file", rangeOf(fresh!, KIND_FILES)]);
  kinds.push(["its event once more", rangeOf(again!, KIND_FILES)]);
  await put("kind");
  const [overwritten] = await measure(1);
  kinds.push(["a new version of a file", rangeOf(overwritten!, KIND_FILES)]);
  await put("bad", BAD);
  const [mixed] = await measure(1);
  const isBad = ({ writeUnits, writes }: FileCost) => writeUnits > writes;
  const bad = mixed!.filter(isBad);
  kinds.push([`a bad file, ${BAD} among ${KIND_FILES}`, rangeOf(bad, BAD)]);
  kinds.push([
    "the good ones beside it",
    rangeOf(
      mixed!.filter((cost) => !isBad(cost)),
      KIND_FILES - BAD,
    ),
  ]);
  return {
    title: "Ledger by kind of file",
    text: `The same with ${whole(items)} items in the ledger, by what becomes of a file; ${KIND_FILES} of each. A bad file's second write is to the index of rejects too. A read costs a unit more for each 4 KB of the key's own versions that the ledger still knows: here ${Math.floor(READ_UNIT_BYTES / bytes)} of them.`,
    head: ["a file", "reads", "read units", "writes", "write units"],
    rows: kinds.map(([kind, cost]) => [kind, cost.reads, cost.readUnits, cost.writes, cost.writeUnits]),
    goals: [],
  };
}

/** Loads new files; answers the seconds of the call. */
async function loadNew(hands: LoaderHands, name: string, files: number, meter?: LedgerMeter): Promise<number> {
  await hands.put(name, files);
  const messages = await hands.take(files);
  const load = await hands.load(messages, meter ? [meter.rule] : []);
  await hands.remove(messages);
  return load.seconds;
}

/** Each figure of some files: one number where all have the same, else the least and the most. */
interface Range {
  readonly reads: string;
  readonly readUnits: string;
  readonly writes: string;
  readonly writeUnits: string;
}

/** @throws Error when the ledger was not asked about each of so many files */
function rangeOf(costs: readonly FileCost[], files: number): Range {
  if (costs.length !== files) throw new Error(`the ledger was asked about ${costs.length} files of ${files}`);
  const range = (of: keyof FileCost) => {
    const values = costs.map((cost) => cost[of]);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? String(least) : `${least} to ${most}`;
  };
  return {
    reads: range("reads"),
    readUnits: range("readUnits"),
    writes: range("writes"),
    writeUnits: range("writeUnits"),
  };
}
