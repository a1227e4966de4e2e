import type { EmitProgress, EmitResult } from "./emit";

const number = (value: number) => value.toLocaleString("en-US");
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One line of a run under way: `1,200 of 5,000 records (24%)  accepted 1,198  retried 3  412/s  2.9 s`. */
export function progressLine(progress: EmitProgress): string {
  const { records, accepted, refused, lost, retried, elapsedMs } = progress;
  const done = accepted + refused + lost;
  const perSecond = elapsedMs > 0 ? Math.round((done * 1000) / elapsedMs) : 0;
  return [
    `${number(done)} of ${number(records)} records (${Math.floor((done * 100) / records)}%)`,
    `accepted ${number(accepted)}`,
    ...(retried ? [`retried ${number(retried)}`] : []),
    ...(refused ? [`refused ${number(refused)}`] : []),
    ...(lost ? [`lost ${number(lost)}`] : []),
    `${number(perSecond)}/s`,
    seconds(elapsedMs),
  ].join("  ");
}

/** What became of the records, a line each; the last ones only where there is something to say. */
export function resultLines(result: EmitResult): string[] {
  const byStatus = Object.entries(result.refusedByStatus).map(([status, count]) => `${status}: ${number(count)}`);
  return [
    `sent ${number(result.sent)} in ${seconds(result.elapsedMs)}, accepted ${number(result.accepted)}, retried ${number(result.retried)}`,
    ...(result.refused ? [`refused ${number(result.refused)} (${byStatus.join(", ")})`] : []),
    ...(result.lost ? [`lost ${number(result.lost)}`] : []),
    ...(result.unknown
      ? [
          `at most ${number(result.unknown)} duplicates: that many tries ended without saying whether the record was taken`,
        ]
      : []),
    ...(result.firstFailure ? [`first failure: ${result.firstFailure}`] : []),
  ];
}
