import type { Entry } from "../load/entry";
import type { QueuedObject } from "../load/message";
import { objectName } from "../load/object";
import type { Continuation, Listed } from "../load/s3-versions";
import type { SweepConfig } from "./config";
import type { SweepState } from "./event";

/** What the sweep needs of a listed version. */
export type Found = Pick<Listed, "key" | "version" | "bytes" | "modified" | "latest">;

export interface SweepPorts {
  /** One page of the bucket's versions. */
  list(from: Continuation | undefined): Promise<{ readonly versions: readonly Found[]; readonly next?: Continuation }>;
  /** Entries of the ledger, as they are now; those that are not there are left out. */
  entries(keys: readonly Pick<Entry, "object" | "version">[]): Promise<readonly Entry[]>;
  /** Puts every message on the queue, or rejects. */
  send(messages: readonly QueuedObject[]): Promise<void>;
  now(): Date;
}

/** Rules by which a listed version is looked up. */
type Rules = Pick<SweepConfig, "bucket" | "lookbackMilliseconds" | "minAgeMilliseconds" | "ignoredPrefixes">;

/** Looks one page of the bucket up in the ledger and queues what events missed and what crashed workers left. Safe beside loads: a message too many is acknowledged. */
export async function sweepPage(ports: SweepPorts, rules: Rules, state: SweepState): Promise<SweepState> {
  const now = ports.now();
  const { versions, next } = await ports.list(state.continuation);
  const candidates = versions.filter((version) => isDue(version, rules, now));
  const name = ({ key, version }: Found) => ({ object: objectName({ bucket: rules.bucket, key }), version });
  const entries = await ports.entries(candidates.map(name));
  const known = new Map(entries.map((entry) => [`${entry.object} ${entry.version}`, entry]));
  const missing = candidates.filter((candidate) => {
    const { object, version } = name(candidate);
    return isLeft(known.get(`${object} ${version}`), now);
  });
  await ports.send(
    missing.map(({ key, version, bytes }) => ({ redstream: "object", bucket: rules.bucket, key, version, bytes })),
  );
  return {
    ...(next === undefined ? {} : { continuation: next }),
    listed: (state.listed ?? 0) + versions.length,
    queued: (state.queued ?? 0) + missing.length,
  };
}

/** Newest of its key, neither forgotten by now nor so young that its event is on its way. */
function isDue({ key, latest, modified }: Found, rules: Rules, now: Date): boolean {
  const age = now.getTime() - modified.getTime();
  return (
    latest &&
    age >= rules.minAgeMilliseconds &&
    age <= rules.lookbackMilliseconds &&
    !rules.ignoredPrefixes.some((prefix) => key.startsWith(prefix))
  );
}

/** Whether nobody has done, or is doing, anything about it. */
const isLeft = (entry: Entry | undefined, now: Date): boolean =>
  entry === undefined || (entry.state === "loading" && (entry.leaseUntil ?? 0) <= now.getTime());
