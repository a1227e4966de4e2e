import { type BadResult, type EmitResult, telemetryRecords } from "../emit";
import { Checksum } from "./checksum";
import { differenceOf, Identities } from "./identities";
import type { RawBucket } from "./raw-bucket";
import type { Check } from "./summary";

type Counts = Readonly<Record<string, number>>;
type Analytics = Readonly<Record<"read" | "selected" | "filtered" | "unreadable", number>>;

export interface Counted {
  readonly sent: EmitResult;
  readonly seed: number;
  readonly raw: RawBucket;
  readonly analytics: Analytics | undefined;
  readonly delivery: Counts;
  readonly arrived: number;
  /** Tries that may have been taken although they were repeated: the most duplicates there can be. */
  readonly unknown: number;
  /** Records that were sent bad on purpose, with what is to be said of them. */
  readonly bad: (BadResult & { readonly checks: readonly Check[] }) | undefined;
  /** Records in the files of the manifests that COPY gave up. */
  readonly givenUp: number;
}

/** What must hold of the counts of a telemetry run. */
export const checksOf = (of: Counted): Check[] => [
  ...rawChecks(of),
  ...(of.analytics ? analyticsChecks(of, of.analytics) : withoutAnalytics(of)),
];

function rawChecks(of: Counted): Check[] {
  const { sent, raw, unknown, bad } = of;
  const rejected = totalOf(raw.rejected);
  const odd = bad?.arriving.length ?? 0;
  const expected = sent.accepted + takenBad(bad);
  const place = rejected === 0 ? `(${raw.records})` : `or under its error prefix (${raw.records} + ${rejected})`;
  return [
    {
      says: `every record sent was accepted (${sent.accepted} of ${sent.records})`,
      holds: sent.accepted === sent.records,
    },
    {
      says: `every accepted record is in the raw bucket ${timesOf(unknown)} ${place}`,
      holds: between(expected, unknown)(raw.records + rejected),
    },
    ...(bad?.checks ?? [{ says: `no record was rejected (${rejected})`, holds: rejected === 0 }]),
    {
      says: `every raw record has its EXTRA2 (${raw.withExtra2} of ${raw.records})`,
      holds: raw.withExtra2 === raw.records,
    },
    ...(sent.accepted === sent.records && raw.records >= sent.records + odd ? [sameRecords(of)] : []),
  ];
}

function analyticsChecks(
  { sent, delivery, arrived, unknown, bad, givenUp }: Counted,
  { read, selected, filtered, unreadable }: Analytics,
): Check[] {
  const garbage = bad?.unreadable ?? 0;
  const understood =
    garbage === 0 ? `understood it (${read})` : `understood all but the ${garbage} that are no JSON (${read})`;
  return [
    {
      says: `the analytics application read every accepted record ${timesOf(unknown)} and ${understood}`,
      holds: between(sent.accepted + takenBad(bad), unknown)(read) && between(garbage, unknown)(unreadable),
    },
    {
      says: `each was selected or filtered (${selected} + ${filtered})`,
      holds: selected + filtered + unreadable === read,
    },
    {
      says: `every selected record was delivered (${delivery.delivered})`,
      holds: delivery.received === selected && delivery.delivered === selected,
    },
    { says: `every selected record arrived (${arrived})`, holds: arrived === selected },
    ...(delivery.abandoned
      ? [
          {
            says: `none is lost: the files of what did not arrive are named by manifests under errors/manifests (${givenUp})`,
            holds: arrived + givenUp === selected,
          },
        ]
      : []),
  ];
}

/** Engine sql: what AWS runs no more is not run here either. */
const withoutAnalytics = ({ delivery, arrived }: Counted): Check[] => [
  {
    says: `nothing is selected with engine sql, which AWS runs no more, and nothing arrived (${arrived})`,
    holds: delivery.received === 0 && arrived === 0,
  },
];

/** Of the records sent bad, those that were taken after all. */
function takenBad(bad: BadResult | undefined): number {
  return (bad?.answers ?? []).reduce((taken, { answer, count }) => taken + (answer === "taken" ? count : 0), 0);
}

const timesOf = (unknown: number) =>
  unknown === 0 ? "once" : `once, or twice for at most ${unknown} whose answer was cut`;

/** As many as `accepted`, or more by what repeated puts explain. */
export const between = (accepted: number, unknown: number) => (n: number) => n >= accepted && n <= accepted + unknown;

export const totalOf = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, n) => sum + n, 0);

/** Record by record, not only by their number: one that is missing does not make up for one that is there twice. */
function sameRecords({ sent, seed, raw, unknown, bad }: Counted): Check {
  const checksum = new Checksum();
  const expected = new Identities();
  const generator = telemetryRecords(seed);
  for (let n = 0; n < sent.records; n++) expected.add(checksum.add(generator.next().value).last);
  for (const record of bad?.arriving ?? []) expected.add(checksum.add(record).last);
  if (unknown === 0) {
    const says = `the raw records are those that were sent, by checksum (${raw.checksum.toString(16).padStart(16, "0")})`;
    return { says, holds: raw.checksum === checksum.value };
  }
  const { missing, doubled, strangers } = differenceOf(expected.sorted(), raw.identities);
  return {
    says: `the raw records are those that were sent, one by one (${missing} missing, ${strangers} others, ${doubled} twice)`,
    holds: missing === 0 && strangers === 0 && doubled <= unknown,
  };
}
