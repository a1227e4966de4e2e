import type { SqlFailure } from "../data-api/sql";
import { classify } from "./classify";
import type { FileError, Load, Staging } from "./ports";
import { COPY_STATEMENT, errorsOf } from "./sql";
import { isColumnar } from "./table";

/** How often the error view is asked before it is taken for empty, and how long to wait in between: system views come a little late. */
const ERROR_LOOKS = 4;
const ERROR_WAIT_MILLISECONDS = 1000;
/** Clocks of the function and the warehouse may differ. */
const SKEW_MILLISECONDS = 300_000;

export interface Asking {
  /** When the load began. */
  readonly started: Date;
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  sleep(milliseconds: number): Promise<void>;
  /** Has the warehouse put down what is wrong with the files, all of it as far as it goes, and answers the process that did; undefined when it could not. */
  check(): Promise<number | undefined>;
}

/**
 * What failed COPYs were about. A COPY ends at its first faults, so a load with many bad files would need as many COPYs: when a load fails a second time, all that is
 * wrong is looked for at once.
 */
export function failures(): (load: Load, failure: SqlFailure, asking: Asking) => Promise<Staging> {
  const failed = new Set<string>();
  /** Loads of which a look at all of it told nothing more: one file fills the list. */
  const futile = new Set<string>();
  return async (load, failure, asking) => {
    const staging = await stagingFailure(load, failure, asking);
    if (staging.kind !== "bad" || staging.errors.length === 0) return staging;
    const first = !failed.has(load.id);
    failed.add(load.id);
    if (first || futile.has(load.id) || !canBeChecked(load)) return staging;
    const known = new Set(staging.errors.map(({ file }) => file));
    const others = (await allErrors(load, asking)).filter(({ file }) => !known.has(file));
    if (others.length === 0) futile.add(load.id);
    return { ...staging, errors: [...staging.errors, ...others] };
  };
}

/** Lines that a table's `maxError` lets pass are no faults. */
const canBeChecked = ({ table, files }: Load) => files.length > 2 && !isColumnar(table) && !table.copy.maxError;

/** What is known already is set aside whether more is found or not: so a failure here is none of the load. */
async function allErrors(load: Load, asking: Asking): Promise<readonly FileError[]> {
  try {
    const pid = await asking.check();
    return pid === undefined ? [] : await errorsIn(load, pid, asking, true);
  } catch {
    return [];
  }
}

/** What a failed COPY was about. */
async function stagingFailure(load: Load, failure: SqlFailure, asking: Asking): Promise<Staging> {
  const text = failure.message;
  if (failure.statement !== undefined && failure.statement !== COPY_STATEMENT) return { kind: "unable", text };
  const kind = classify(text, load.files);
  const errors = failure.pid === undefined ? [] : await errorsIn(load, failure.pid, asking, kind === "bad");
  if (errors.length > 0) return { kind: "bad", text, errors };
  return kind === "bad" ? { kind, text, errors } : { kind, text };
}

async function errorsIn(
  load: Load,
  pid: number,
  { started, query, sleep }: Asking,
  expected: boolean,
): Promise<readonly FileError[]> {
  const since = new Date(started.getTime() - SKEW_MILLISECONDS);
  for (let look = 1; ; look += 1) {
    // The process may have been another session's before: only files of this load count.
    const errors = (await query(errorsOf(pid, since))).map(readError).filter(({ file }) => isOf(load, file));
    if (errors.length > 0 || !expected || look === ERROR_LOOKS) return errors;
    await sleep(ERROR_WAIT_MILLISECONDS);
  }
}

const isOf = ({ files }: Load, name: string) =>
  files.some(({ bucket, key }) => `s3://${bucket}/${key}`.startsWith(name.trimEnd()));

function readError([file, line, column, text]: readonly (string | null)[]): FileError {
  return {
    file: (file ?? "").trimEnd(),
    text: (text ?? "").trim() || "the warehouse gave no reason",
    ...(Number(line) > 0 ? { line: Number(line) } : {}),
    ...(column?.trim() ? { column: column.trim() } : {}),
  };
}
