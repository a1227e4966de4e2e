import type { Listed } from "../load/s3-versions";
import { isCold } from "./archive";

/** List prices of us-east-1 in US dollars, of 2026: https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const PER_READ = 0.0004 / 1000;
const PER_WRITE = 0.005 / 1000;
const PER_LEDGER_READ = 0.125 / 1_000_000;
const PER_LEDGER_WRITE = 0.625 / 1_000_000;
/** Standard retrieval. */
const RESTORE: Readonly<Record<string, { readonly request: number; readonly gigabyte: number }>> = {
  GLACIER: { request: 0.05 / 1000, gigabyte: 0.01 },
  DEEP_ARCHIVE: { request: 0.1 / 1000, gigabyte: 0.02 },
};

/** What reading these files and noting it costs, without the warehouse's own time. */
export function dollarsOf(files: readonly Listed[], hours: number): number {
  // A file is read by COPY and asked for once; the ledger is read twice and, where it has forgotten the file, written twice.
  let dollars = files.length * (2 * PER_READ + 2 * PER_LEDGER_READ + 2 * PER_LEDGER_WRITE) + hours * PER_WRITE;
  for (const file of files.filter(isCold)) {
    const price = RESTORE[file.storageClass]!;
    dollars += price.request + (file.bytes / 1e9) * price.gigabyte;
  }
  return Math.ceil(dollars * 10_000) / 10_000;
}
