import type { ClientConfig } from "../../local/gateway/types";
import { CommandError } from "../problem";
import type { Target } from "../target";

/** What SDK clients are given. */
export type ClientSettings = Target["client"] | ClientConfig;

/** Outputs of a stack whose files are loaded by the loader. */
export interface LoaderOutputs {
  readonly loader_bucket: string;
  readonly loader_queue_url: string;
  readonly loader_dead_letter_url: string;
  readonly loader_ledger: string;
  readonly loader_function: string;
  /** `schema.table`, apart by commas. */
  readonly loader_tables: string;
  readonly sweep_state_machine: string;
  readonly replay_state_machine: string;
  readonly replay_function: string;
}

type Applied = Pick<Target, "stack" | "outputs">;

/** Whether the stack has a loader of its own. */
export const hasLoader = ({ outputs }: Pick<Target, "outputs">): boolean => typeof outputs.loader_ledger === "string";

/** Whether a loader fills its warehouse, be it another stack's: then the warehouse has a record of the loads. */
export const isRecorded = (target: Pick<Target, "outputs">): boolean =>
  hasLoader(target) || typeof target.outputs.warehouse_loads === "string";

/** The loader of a stack, by its outputs. */
export function loaderOf(target: Applied): LoaderOutputs {
  if (hasLoader(target)) return target.outputs as unknown as LoaderOutputs;
  const setting = deliveryOf(target);
  throw new CommandError(
    setting === undefined
      ? withoutLoader(target)
      : `${target.stack} has no loader: Amazon Data Firehose loads its tables; set ${setting} to "loader" and apply it`,
  );
}

/** The same for a replay: with a loader the hours can be replayed that it has loaded, and no others. */
export function replayOf(target: Applied): LoaderOutputs {
  if (hasLoader(target)) return target.outputs as unknown as LoaderOutputs;
  const setting = deliveryOf(target);
  throw new CommandError(
    setting === undefined
      ? withoutLoader(target)
      : `${target.stack} cannot replay: rows that Amazon Data Firehose loads have no source_hour, by which those of an hour are replaced; set ${setting} to "loader" and apply it: what is loaded from then on can be replayed`,
  );
}

/** The setting by which Firehose loads the tables of a stack; undefined where it loads none. */
function deliveryOf({ outputs }: Applied): string | undefined {
  if (isRecorded({ outputs })) return undefined;
  if ("user_delivery_stream" in outputs || "warehouse_tables" in outputs) return "events.delivery";
  return "warehouse_table" in outputs ? "warehouse.delivery" : undefined;
}

const withoutLoader = (target: Applied): string =>
  isRecorded(target)
    ? `${target.stack} has no loader: that of its tables is in the stack of the streams; name event-monitor`
    : `${target.stack} has no loader, and no table that files are loaded into`;

/** Tables of the loader by their names in keys, each with its full name. */
export const tablesOf = ({ loader_tables }: Pick<LoaderOutputs, "loader_tables">): ReadonlyMap<string, string> =>
  new Map(loader_tables.split(",").map((full) => [full.split(".").at(-1)!, full]));
