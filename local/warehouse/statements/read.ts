import type { DuckDBMaterializedResult } from "@duckdb/node-api";
import type { SqlResult } from "../../gateway/types";
import { HIDDEN } from "../access/catalogue";
import { notCarried, SqlError, syntaxError } from "../errors";
import type { Session } from "../session";
import { Cursor } from "../sql/cursor";
import type { Token } from "../sql/tokens";
import { readRefresh } from "../streaming/statements";
import { readCopyStatement } from "./copy";
import { readGrant, readRevoke } from "./grants";
import { readMerge } from "./merge";
import { readDelete, readInsert, readQuery, readUpdate } from "./rows";
import { readAlterTable, readCreate, readDrop, readLock, readTruncate } from "./tables";
import { readAlterUser } from "./users";

/** A statement that has been read and waits to be run. */
export interface Run {
  /** Tables it writes, locked before its first look at the data. */
  readonly locks?: readonly string[];
  readonly returnsRows?: boolean;
  /** It ends the transaction around it, as TRUNCATE does. */
  readonly commits?: boolean;
  run(): Promise<DuckDBMaterializedResult | SqlResult | undefined>;
}

export const NOTHING: Run = { run: async () => undefined };

/** Reads one statement; what this warehouse does not know is refused by name. */
export function read(tokens: readonly Token[], session: Session): Run {
  if (tokens.some((token) => (token.kind === "word" || token.kind === "name") && token.value === HIDDEN)) {
    throw new SqlError(`schema "${HIDDEN}" does not exist`, "3F000");
  }
  refuseSequences(tokens);
  const cursor = new Cursor(tokens);
  const first = cursor.peek();
  if (first?.text === "(") return readQuery(tokens, session);
  if (first?.kind !== "word") throw syntaxError(first?.text);
  switch (first.value) {
    case "select":
    case "with":
    case "values":
      return readQuery(tokens, session);
  }
  cursor.next();
  switch (first.value) {
    case "insert":
      return readInsert(cursor, session);
    case "update":
      return readUpdate(cursor, session);
    case "delete":
      return readDelete(cursor, session);
    case "merge":
      return readMerge(cursor, session);
    case "copy":
      return readCopyStatement(cursor, session);
    case "create":
      return readCreate(cursor, session, tokens);
    case "drop":
      return readDrop(cursor, session);
    case "alter":
      if (cursor.accept("table")) return readAlterTable(cursor, session);
      if (cursor.accept("user")) return readAlterUser(cursor, session);
      throw notCarried(`ALTER ${cursor.next().text.toUpperCase()}`);
    case "grant":
      return readGrant(cursor, session);
    case "revoke":
      return readRevoke(cursor, session);
    case "truncate":
      return readTruncate(cursor, session);
    case "lock":
      return readLock(cursor, session);
    case "refresh":
      return readRefresh(cursor, session);
    case "analyze":
    case "vacuum":
      // Housekeeping of Redshift's storage: there is none to keep here.
      return NOTHING;
    case "set":
    case "reset":
      return readSetting(cursor, first.value);
  }
  throw notCarried(first.value.toUpperCase());
}

/** Redshift has no sequences; the engine's are ours, for IDENTITY columns and ids. */
function refuseSequences(tokens: readonly Token[]): void {
  const own = tokens.filter((token) => token.kind !== "space");
  const called = own.find(({ value }, i) => (value === "nextval" || value === "currval") && own[i + 1]?.text === "(");
  if (called) throw new SqlError(`function ${called.value}() does not exist`, "42883");
}

/** Settings that change nothing a local run shows. */
const HARMLESS = [
  "application_name",
  "query_group",
  "statement_timeout",
  "client_encoding",
  "datestyle",
  "extra_float_digits",
  "enable_result_cache_for_session",
];

function readSetting(cursor: Cursor, verb: string): Run {
  cursor.accept("session");
  const name = cursor.name();
  cursor.rest();
  if (!HARMLESS.includes(name)) throw notCarried(`${verb.toUpperCase()} ${name}`);
  return NOTHING;
}
