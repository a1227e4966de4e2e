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

/** The loader of a stack, by its outputs. */
export function loaderOf({ stack, outputs }: Pick<Target, "stack" | "outputs">): LoaderOutputs {
  if (typeof outputs.loader_ledger !== "string") {
    throw new CommandError(`${stack} has no loader: its tables are loaded by Amazon Data Firehose, or it has none`);
  }
  return outputs as unknown as LoaderOutputs;
}

/** Tables of the loader by their names in keys, each with its full name. */
export const tablesOf = ({ loader_tables }: Pick<LoaderOutputs, "loader_tables">): ReadonlyMap<string, string> =>
  new Map(loader_tables.split(",").map((full) => [full.split(".").at(-1)!, full]));
