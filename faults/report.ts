import { FAULTS } from "./faults";
import { isGood, type RunResult } from "./run-once";

/** One line for a run that is over. */
export function lineOf(result: RunResult, done: number, runs: number): string {
  const { seed, fault, table, rows, lost, doubled, stuck, happened, seconds } = result;
  const wrong = [
    ...(lost > 0 ? [`${lost} rows lost`] : []),
    ...(doubled > 0 ? [`${doubled} rows doubled`] : []),
    ...stuck,
    ...(happened === 0 ? ["the fault did not happen"] : []),
  ];
  const what = `[${done}/${runs}] seed ${seed} ${fault} ${table} ${rows} rows ${seconds.toFixed(1)} s`;
  return wrong.length === 0 ? `${what}: good` : `${what}: ${wrong.join("; ")}`;
}

/** The table of faults and outcomes, and what to run to see each failure again. */
export function tableOf(results: readonly RunResult[]): readonly string[] {
  const sum = (of: (result: RunResult) => number, among = results) => among.reduce((total, one) => total + of(one), 0);
  const head = ["fault", "what happens", "runs", "happened", "rows", "lost", "doubled", "stuck", "good"];
  const lines = FAULTS.map(({ name, says }) => {
    const own = results.filter(({ fault }) => fault === name);
    return [
      name,
      says,
      own.length,
      sum(({ happened }) => happened, own),
      sum(({ rows }) => rows, own),
      sum(({ lost }) => lost, own),
      sum(({ doubled }) => doubled, own),
      sum(({ stuck }) => stuck.length, own),
      own.filter(isGood).length,
    ].map((cell) => (typeof cell === "number" ? cell.toLocaleString("en-US") : cell));
  }).filter((line) => line[2] !== "0");
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const text = (line: readonly string[]) =>
    line
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [text(head), ...lines.map(text)];
}

/** How to see a failure again. */
export const again = ({ seed, fault }: RunResult): string =>
  `npm run faults -- --seed ${seed} --runs 1 --fault ${fault}`;
