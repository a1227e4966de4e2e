import type { SqlFailure } from "../data-api/sql";
import { classify } from "./classify";
import type { FileError, Load, Staging } from "./ports";
import { COPY_STATEMENT, errorsOf } from "./sql";

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
}

/** What a failed COPY was about. */
export async function stagingFailure(load: Load, failure: SqlFailure, asking: Asking): Promise<Staging> {
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
