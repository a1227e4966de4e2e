import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { synthesize } from "../cli/synth";
import { withWorld } from "../faults/apply";
import { compareLoads } from "./loader/compare";
import { LoaderHands } from "./loader/hands";
import { measureLedger } from "./loader/ledger";
import type { Section } from "./table";

/** Items that the ledger gets unless told otherwise: they take 3.5 GB of memory and some minutes to be put there. */
const LEDGER_ITEMS = 1_000_000;
/** The emulator keeps them in memory. */
const MOST_ITEMS = 5_000_000;

type Progress = (line: string) => void;

/** 10,000 small files through the loader as it is deployed, against one COPY a file. */
export const benchLoader = (progress: Progress): Promise<Section> =>
  withLoader(progress, (hands) => compareLoads(hands, progress));

/**
 * What a file costs in the loader's ledger as that grows.
 *
 * @param items it grows to, at most 5,000,000
 */
export async function benchLedger(progress: Progress, items: number = LEDGER_ITEMS): Promise<Section[]> {
  if (items > MOST_ITEMS) {
    throw new Error(
      `--records ${items}: the emulator keeps the ledger in memory, 3.5 GB a million items, so at most ${MOST_ITEMS}`,
    );
  }
  return withLoader(progress, (hands) => measureLedger(hands, items, progress));
}

/** Applies the stack of the loader to a local AWS, and takes it down when `use` has ended. */
async function withLoader<T>(progress: Progress, use: (hands: LoaderHands) => Promise<T>): Promise<T> {
  const root = mkdtempSync(path.join(tmpdir(), "bench-loader-"));
  try {
    const from = path.join(root, "cdktf.out");
    await synthesize(from, "bench/settings.json");
    return await withWorld({ root, from, progress }, async (world) => {
      // The campaign's lease of some seconds is no part of this.
      const environment = { ...world.loader.environment, LEASE_SECONDS: "300" };
      return use(await LoaderHands.of(world.with({ environment })));
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
