import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { BatchWriteItemCommand, type WriteRequest } from "@aws-sdk/client-dynamodb";
import { ExecuteStatementCommand, RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { warehouseOf } from "../cli/query";
import { synthesize } from "../cli/synth";
import { withWorld } from "../faults/apply";
import { fileOf } from "../faults/files";
import { eventOf, failedOf, ObjectQueue } from "../faults/queue";
import type { LoadedTable, World } from "../faults/world";
import { median, ratio } from "./measure";
import { type Section, seconds, times, whole } from "./table";

/** A round is what one call of the function takes, as the stack is set: 1,000 files. */
const ROUNDS = 10;
const FILES = 1_000;
const ROWS = 20;
/** Loads at once of the article's way: as many as the stack lets run at once. */
const AT_ONCE = 4;
/** Items that the ledger gets unless told otherwise: 1,000,000 take 2 GB of memory here and some minutes to be put there. */
const LEDGER_ITEMS = 100_000;
const LEDGER_FILES = 200;
const PUTS_AT_ONCE = 16;
const EVENTS_MS = 300_000;

/** What loading some files took. */
interface Load {
  readonly seconds: number;
  readonly copies: number;
  /** Requests to the ledger. */
  readonly reads: number;
  readonly writes: number;
}

/** Small files through the loader as it is deployed, against one COPY a file; and what the ledger costs as it grows to so many items. */
export async function benchLoader(
  progress: (line: string) => void,
  ledgerItems: number = LEDGER_ITEMS,
): Promise<Section[]> {
  const root = mkdtempSync(path.join(tmpdir(), "bench-loader-"));
  try {
    const from = path.join(root, "cdktf.out");
    await synthesize(from, "bench/settings.json");
    return await withWorld({ root, from, progress }, async (world) => {
      // The campaign's lease of some seconds is no part of this.
      const environment = { ...world.loader.environment, LEASE_SECONDS: "300" };
      const bench = new LoaderBench(world.with({ environment }), progress);
      return [await bench.compare(), await bench.grow(ledgerItems)];
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

class LoaderBench {
  private readonly queue: ObjectQueue;
  private table!: LoadedTable;

  constructor(
    private readonly world: World,
    private readonly progress: (line: string) => void,
  ) {
    this.queue = new ObjectQueue(world.sqs, world.outputs.loader_queue_url);
  }

  async compare(): Promise<Section> {
    await this.chooseTable();
    const ours: Load[] = [];
    const article: Load[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      this.progress(`loader, round ${round + 1} of ${ROUNDS}: ${FILES} files`);
      const keys = await this.put(`round${round}`, FILES);
      ours.push(await this.load(FILES));
      article.push(await this.copyEach(keys));
    }
    const sum = (loads: readonly Load[], of: (load: Load) => number) =>
      loads.reduce((total, load) => total + of(load), 0);
    const files = ROUNDS * FILES;
    const line = (way: string, loads: readonly Load[]) => {
      const took = sum(loads, (load) => load.seconds);
      return [way, whole(sum(loads, ({ copies }) => copies)), seconds(took), whole(files / took)];
    };
    const faster = ratio(
      article.map((load) => load.seconds),
      ours.map((load) => load.seconds),
    );
    const fewer = sum(article, ({ copies }) => copies) / sum(ours, ({ copies }) => copies);
    return {
      title: "Loader",
      text: `${whole(files)} files of ${ROWS} rows, ${ROUNDS} rounds of ${whole(FILES)}: the deployed loader, called with what waits in the queue (a call takes up to 1,000 files), against one COPY a file straight into the table, ${AT_ONCE} at once, with no ledger and nothing against doubled rows, which is the article's way. A COPY takes milliseconds in the local warehouse and some seconds of a queue slot in Redshift, so what carries over is the number of COPYs; locally most of the loader's time is the ledger's and S3's requests, each answered by one Python process. Median of the rounds' ratios: the loader is ${times(faster)} as fast.`,
      head: ["way", "COPY statements", "time", "files a second"],
      rows: [line("one COPY a file", article), line("the loader", ours)],
      goals: [
        {
          says: "at least 500 times fewer COPY statements",
          got: times(fewer),
          kept: fewer >= 500,
        },
      ],
    };
  }

  async grow(most: number): Promise<Section> {
    const measured: (Load & { readonly items: number })[] = [];
    let items = 0;
    for (const size of [0, Math.round(most / 10), most]) {
      this.progress(`ledger of ${whole(size)} items`);
      await this.fill(items, size);
      items = size;
      const rounds: Load[] = [];
      for (let round = 0; round < 3; round++) {
        await this.put(`ledger${size}-${round}`, LEDGER_FILES);
        rounds.push(await this.load(LEDGER_FILES));
      }
      const middle = median(rounds.map((load) => load.seconds));
      measured.push({ ...rounds.find((load) => load.seconds === middle)!, items: size });
    }
    const each = (count: number) => (count / LEDGER_FILES).toFixed(2);
    const [first] = measured;
    const last = measured.at(-1)!;
    const growth = last.seconds / first!.seconds;
    const same = measured.every(({ reads, writes }) => reads === first!.reads && writes === first!.writes);
    return {
      title: "Ledger",
      text: `What a file costs in the ledger, by how many items stand in it, put there before (\`npm run bench -- loader --records 1000000\` fills in a million, which takes the emulator 2 GB and some minutes); ${LEDGER_FILES} files a load, the middle of three. On AWS a read here is one consistent Query of a file's own items (1 unit up to 4 KB), a write one conditional PutItem (1 unit).`,
      head: ["items in the ledger", "reads a file", "writes a file", `time of ${LEDGER_FILES} files`],
      rows: measured.map((load) => [whole(load.items), each(load.reads), each(load.writes), seconds(load.seconds)]),
      goals: [
        {
          says: "reads and writes a file are the same at every size",
          got: same ? "the same" : "not the same",
          kept: same,
        },
        {
          says: `a load takes at most half as long again with ${whole(last.items)} items as with none`,
          got: times(growth),
          kept: growth <= 1.5,
        },
      ],
    };
  }

  private async chooseTable(): Promise<void> {
    const table = (await this.world.tables()).find(({ format, deduplicated }) => format === "csv" && !deduplicated);
    if (!table) throw new Error("the stack has no table of plain CSV");
    this.table = table;
  }

  /** Puts so many files and waits until their events are in the queue. */
  private async put(name: string, count: number): Promise<readonly string[]> {
    const keys = Array.from({ length: count }, (_, i) => `${this.table.name}/2026/03/01/00/${name}-${i}.csv`);
    const left = [...keys];
    const one = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) {
        const { body } = fileOf(this.table, path.basename(key, ".csv"), ROWS, false);
        await this.world.s3.send(
          new PutObjectCommand({ Bucket: this.world.outputs.loader_bucket, Key: key, Body: body }),
        );
      }
    };
    await Promise.all(Array.from({ length: PUTS_AT_ONCE }, one));
    for (const until = Date.now() + EVENTS_MS; (await this.queue.size()) < count; ) {
      if (Date.now() > until) throw new Error(`not all of ${count} events have come`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return keys;
  }

  /** One call of the loader with all that waits. */
  private async load(count: number): Promise<Load> {
    const { world } = this;
    const messages = await this.queue.take(count);
    const before = await this.copies();
    world.spoiler.arm([]);
    const started = performance.now();
    const outcome = await world.workers.invoke(world.loader, eventOf(messages));
    const took = (performance.now() - started) / 1000;
    if (outcome.kind !== "answered") throw new Error(`the loader did not answer: ${JSON.stringify(outcome)}`);
    const failed = failedOf(outcome.result, messages);
    if (messages.length !== count || failed.size > 0)
      throw new Error(`${messages.length - failed.size} of ${count} files were loaded`);
    await this.queue.remove(messages);
    const requests = (...actions: string[]) =>
      actions.reduce((sum, action) => sum + (world.spoiler.requests.get(`dynamodb ${action}`) ?? 0), 0);
    return {
      seconds: took,
      copies: (await this.copies()) - before,
      reads: requests("Query", "GetItem", "BatchGetItem"),
      writes: requests("PutItem", "UpdateItem", "TransactWriteItems"),
    };
  }

  /** The article's way: a COPY for each file. */
  private async copyEach(keys: readonly string[]): Promise<Load> {
    const { outputs, gateway } = this.world;
    const warehouse = warehouseOf(outputs)!;
    const { schema, name, columns } = this.table;
    const data = new RedshiftDataClient(gateway.aws.internal);
    const before = await this.copies();
    const left = [...keys];
    const one = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) {
        const { Status } = await data.send(
          new ExecuteStatementCommand({
            ...("workgroup" in warehouse
              ? { WorkgroupName: warehouse.workgroup }
              : { ClusterIdentifier: warehouse.cluster }),
            Database: warehouse.database,
            SecretArn: warehouse.secretArn,
            Sql: `COPY "${schema}"."${name}" (${columns.join(", ")}) FROM 's3://${outputs.loader_bucket}/${key}' IAM_ROLE default CSV`,
            WaitTimeSeconds: 30,
          }),
        );
        if (Status !== "FINISHED") throw new Error(`the COPY of ${key} ended ${Status}`);
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    const took = (performance.now() - started) / 1000;
    data.destroy();
    return { seconds: took, copies: (await this.copies()) - before, reads: 0, writes: 0 };
  }

  private async copies(): Promise<number> {
    return Number((await this.world.sql("SELECT count(*) FROM sys_load_history")).rows[0]![0]);
  }

  /** Puts items of files that were loaded long ago, from the `from`th to the `to`th. */
  private async fill(from: number, to: number): Promise<void> {
    const { dynamodb, outputs } = this.world;
    const expiresAt = String(Math.floor(Date.now() / 1000) + 90 * 86_400);
    let next = from;
    const one = async () => {
      while (next < to) {
        const first = next;
        next += 25;
        const items: WriteRequest[] = [];
        for (let i = first; i < Math.min(first + 25, to); i++) {
          items.push({
            PutRequest: {
              Item: {
                object: { S: `${outputs.loader_bucket}/${this.table.name}/2025/12/01/00/old-${i}.csv` },
                version: { S: `v${i}` },
                state: { S: "loaded" },
                table: { S: this.table.name },
                bytes: { N: "1000" },
                expiresAt: { N: expiresAt },
              },
            },
          });
        }
        await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [outputs.loader_ledger]: items } }));
        if (first % 100_000 === 0 && first > from) this.progress(`${whole(first)} items`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }
}
