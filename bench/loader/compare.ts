import { ExecuteStatementCommand, RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { warehouseOf } from "../../cli/query";
import { median, ratio } from "../measure";
import { type Section, seconds, times, whole } from "../table";
import { type Load, type LoaderHands, ROWS } from "./hands";

/** A round is what one call of the function takes, as the stack is set: 1,000 files. */
const ROUNDS = 10;
const FILES = 1_000;
/** Loads at once of the article's way: as many as the stack lets run at once. */
const AT_ONCE = 4;

/** 10,000 small files by the loader as it is deployed, and by one COPY a file, in turns; the rows of both ways are compared. */
export async function compareLoads(hands: LoaderHands, progress: (line: string) => void): Promise<Section> {
  const { schema, name } = hands.table;
  const own = `"${schema}"."${name}"`;
  const copied = `"${schema}"."${name}_by_single_copies"`;
  await hands.world.sql(`CREATE TABLE ${copied} (LIKE ${own})`);
  const loader: Load[] = [];
  const single: Load[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const keys = await hands.put(`round${round}`, FILES);
    const messages = await hands.take(FILES);
    const ways = [
      async () => loader.push(await hands.load(messages)),
      async () => single.push(await copyEach(hands, copied, keys)),
    ];
    // Each is the first one every other time.
    for (const way of round % 2 === 0 ? ways : ways.reverse()) await way();
    await hands.remove(messages);
    const said = `${seconds(loader.at(-1)!.seconds)}, one COPY a file ${seconds(single.at(-1)!.seconds)}`;
    progress(`round ${round + 1} of ${ROUNDS}, ${whole(FILES)} files: the loader ${said}`);
  }
  const rows = await compareRows(hands, own, copied);
  const files = ROUNDS * FILES;
  const sum = (loads: readonly Load[], of: keyof Load) => loads.reduce((total, load) => total + load[of], 0);
  const line = (way: string, loads: readonly Load[], count: number) => {
    const took = sum(loads, "seconds");
    const middle = median(loads.map((load) => load.seconds));
    const copies = whole(sum(loads, "copies"));
    return [way, copies, seconds(took), seconds(middle), whole(files / took), whole(count)];
  };
  const faster = ratio(
    single.map((load) => load.seconds),
    loader.map((load) => load.seconds),
  );
  const fewer = sum(single, "copies") / sum(loader, "copies");
  return {
    title: "Loader",
    text: `${whole(files)} files of ${ROWS} rows, ${ROUNDS} rounds of ${whole(FILES)}: the deployed loader (its code, settings, role and ledger), called with the events that wait in the queue, one call of ${whole(FILES)} at a time, against one COPY a file straight into a table of the same columns, ${AT_ONCE} at once, with no ledger and nothing against doubled rows, which is the article's way. Both go by the Data API; a call of a function for each file, which the article's way has too, is not counted. A COPY takes milliseconds in the local warehouse and seconds of a queue slot in Redshift, so what carries over is the number of COPYs; locally nearly all of the loader's time is 4 requests a file (a read and 2 writes of the ledger, a HEAD), each answered by one Python process. Median of the rounds' ratios of time: the loader is ${times(faster)} as fast.`,
    head: ["way", "COPY statements", "time", "median of a round", "files a second", "rows"],
    rows: [line("one COPY a file", single, rows.copied), line("the loader", loader, rows.own)],
    goals: [
      {
        says: "at least 500 times fewer COPY statements",
        got: times(fewer),
        kept: fewer >= 500,
      },
      {
        says: "each row of each file is in both tables once",
        got: `${whole(rows.sent)} sent, ${whole(rows.own)} and ${whole(rows.copied)} there, ${whole(rows.ownNames)} and ${whole(rows.copiedNames)} different ones, ${whole(rows.inOne)} in one table only`,
        kept:
          rows.inOne === 0 &&
          [rows.own, rows.copied, rows.ownNames, rows.copiedNames].every((count) => count === rows.sent),
      },
    ],
  };
}

/** The article's way: a COPY for each file. */
async function copyEach(hands: LoaderHands, into: string, keys: readonly string[]): Promise<Load> {
  const { outputs, gateway } = hands.world;
  const warehouse = warehouseOf(outputs)!;
  const columns = hands.table.columns.map((column) => `"${column}"`).join(", ");
  const data = new RedshiftDataClient(gateway.aws.internal);
  const before = await hands.copies();
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
          Sql: `COPY ${into} (${columns}) FROM 's3://${outputs.loader_bucket}/${key}' IAM_ROLE default CSV`,
          WaitTimeSeconds: 30,
        }),
      );
      if (Status !== "FINISHED") throw new Error(`the COPY of ${key} ended ${Status}`);
    }
  };
  const started = performance.now();
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } finally {
    data.destroy();
  }
  const took = (performance.now() - started) / 1000;
  return { seconds: took, copies: (await hands.copies()) - before };
}

/** Rows of both tables, and how many different ones; and those that are in one table only, either of them. */
async function compareRows(hands: LoaderHands, own: string, copied: string) {
  const columns = hands.table.columns.map((column) => `"${column}"`).join(", ");
  const name = `"${hands.table.columns[hands.table.identity]}"`;
  const beyond = (one: string, other: string) =>
    hands.count(`(SELECT ${columns} FROM ${one} EXCEPT SELECT ${columns} FROM ${other}) AS beyond`);
  return {
    sent: ROUNDS * FILES * ROWS,
    own: await hands.count(own),
    copied: await hands.count(copied),
    ownNames: await hands.count(`(SELECT DISTINCT ${name} FROM ${own}) AS names`),
    copiedNames: await hands.count(`(SELECT DISTINCT ${name} FROM ${copied}) AS names`),
    inOne: (await beyond(own, copied)) + (await beyond(copied, own)),
  };
}
