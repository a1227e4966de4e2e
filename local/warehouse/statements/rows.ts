import { notCarried, SqlError, syntaxError } from "../errors";
import { withLake } from "../lake/queries";
import type { Session } from "../session";
import { type Cursor, isWord, showName, type TableName } from "../sql/cursor";
import { toEngine } from "../sql/rewrite";
import { withSemantics } from "../sql/semantics";
import { quoteName, type Token } from "../sql/tokens";
import type { Run } from "./read";
import { engineName, requirePrivilege, requireSelect } from "./relations";

/** SELECT, WITH, VALUES. */
export function readQuery(tokens: readonly Token[], session: Session): Run {
  refuseWriting(tokens);
  const sql = toEngine(tokens, session.user.name);
  return {
    returnsRows: true,
    run: async () => {
      return withLake(session, sql, async (query) => session.engine.run(await withSemantics(session.engine, query)));
    },
  };
}

/** WITH before INSERT, UPDATE or DELETE, and SELECT INTO, which would write without a look at rights. */
function refuseWriting(tokens: readonly Token[]): void {
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (depth > 0 || token.kind !== "word") continue;
    if (["insert", "update", "delete", "merge"].includes(token.value))
      throw notCarried(`WITH ... ${token.value.toUpperCase()}`);
    if (token.value === "into") throw notCarried("SELECT INTO (use CREATE TABLE AS)");
  }
}

export function readInsert(cursor: Cursor, session: Session): Run {
  cursor.expect("into");
  const table = cursor.table(session.warehouse.settings.database);
  const columns = startsColumnList(cursor) ? cursor.nameList() : undefined;
  const rest = cursor.rest();
  if (rest.length === 0) throw syntaxError(undefined);
  refuseForeign(rest);
  const defaults = isWord(rest[0], "default");
  const list = columns ? ` (${columns.map(quoteName).join(", ")})` : "";
  // DEFAULT stands for a value only in an INSERT: for the look at rights it is as good as NULL.
  const asQuery = rest.map((token) => (isWord(token, "default") ? { ...token, text: "null", value: "null" } : token));
  const { name } = session.user;
  return {
    locks: [showName(table)],
    run: async () => {
      const target = await writable(session, "insert", table);
      if (defaults) return session.engine.run(`INSERT INTO ${target}${list} DEFAULT VALUES`);
      const query = toEngine(rest, name);
      if (isWord(rest[0], "values")) {
        await requireSelect(session.engine, session.user, toEngine(asQuery, name));
        return session.engine.run(`INSERT INTO ${target}${list} ${query}`);
      }
      return withLake(session, query, async (source) =>
        session.engine.run(`INSERT INTO ${target}${list} ${await withSemantics(session.engine, source)}`),
      );
    },
  };
}

/** A bracket after the table is a column list unless a query stands in it. */
function startsColumnList(cursor: Cursor): boolean {
  return (
    cursor.peek()?.text === "(" &&
    !isWord(cursor.peek(1), "select") &&
    !isWord(cursor.peek(1), "with") &&
    cursor.peek(1)?.text !== "("
  );
}

export function readUpdate(cursor: Cursor, session: Session): Run {
  const table = cursor.table(session.warehouse.settings.database);
  const alias = readAlias(cursor, "set");
  cursor.expect("set");
  const assignments: Token[][] = [];
  do assignments.push(untilKeyword(cursor, ["from", "where"], true));
  while (cursor.acceptSymbol(","));
  const from = cursor.accept("from") ? untilKeyword(cursor, ["where"], false) : [];
  const where = cursor.accept("where") ? cursor.rest() : [];
  cursor.end();
  refuseForeign([...from, ...where]);
  const { name } = session.user;
  const named = (target: string) => target + (alias ? ` AS ${quoteName(alias)}` : "");
  const tail =
    (from.length > 0 ? ` FROM ${toEngine(from, name)}` : "") +
    (where.length > 0 ? ` WHERE ${toEngine(where, name)}` : "");
  return {
    locks: [showName(table)],
    run: async () => {
      const target = await writable(session, "update", table);
      // `a = (SELECT ...)` is an expression as well as an assignment, so the same text as a SELECT names what the UPDATE reads.
      const values = assignments.map((assignment) => toEngine(assignment.slice(2), name)).join(", ");
      await requireReads(session, table, values, from, where, alias);
      const sets = assignments.map((assignment) => toEngine(assignment, name)).join(", ");
      return session.engine.run(`UPDATE ${named(target)} SET ${sets}${tail}`);
    },
  };
}

export function readDelete(cursor: Cursor, session: Session): Run {
  cursor.accept("from");
  const table = cursor.table(session.warehouse.settings.database);
  const alias = readAlias(cursor, "using", "where");
  const using = cursor.accept("using") ? untilKeyword(cursor, ["where"], false) : [];
  const where = cursor.accept("where") ? cursor.rest() : [];
  cursor.end();
  refuseForeign([...using, ...where]);
  const { name } = session.user;
  return {
    locks: [showName(table)],
    run: async () => {
      const target = await writable(session, "delete", table);
      await requireReads(session, table, "1", using, where, alias);
      const named = target + (alias ? ` AS ${quoteName(alias)}` : "");
      const sql = `DELETE FROM ${named}${using.length > 0 ? ` USING ${toEngine(using, name)}` : ""}${where.length > 0 ? ` WHERE ${toEngine(where, name)}` : ""}`;
      return session.engine.run(sql);
    },
  };
}

/** SELECT on what FROM, USING, WHERE and the values name; on the table itself only where a condition looks at it. */
async function requireReads(
  session: Session,
  table: TableName,
  values: string,
  from: readonly Token[],
  where: readonly Token[],
  alias: string | undefined,
): Promise<void> {
  const { engine, user } = session;
  if (where.length > 0) await requirePrivilege(engine, user, "select", table);
  const own = `(SELECT 1) AS ${quoteName(alias ?? table.name)}`;
  const others = from.length > 0 ? `, ${toEngine(from, user.name)}` : "";
  const condition = where.length > 0 ? ` WHERE ${toEngine(where, user.name)}` : "";
  await requireSelect(engine, user, `SELECT ${values} FROM ${own}${others}${condition}`);
}

async function writable(session: Session, privilege: string, table: TableName): Promise<string> {
  const kind = await requirePrivilege(session.engine, session.user, privilege, table);
  if (kind === "view") throw new SqlError(`cannot ${privilege} into view "${table.name}"`, "42809");
  return engineName(table, kind);
}

function readAlias(cursor: Cursor, ...stops: readonly string[]): string | undefined {
  if (cursor.accept("as")) return cursor.name();
  const next = cursor.peek();
  if (!next || next.kind === "symbol" || stops.some((stop) => isWord(next, stop))) return undefined;
  return cursor.name();
}

/** Tokens up to a keyword outside brackets, or (with `comma`) a comma there. */
function untilKeyword(cursor: Cursor, keywords: readonly string[], comma: boolean): Token[] {
  const taken: Token[] = [];
  let depth = 0;
  for (let token = cursor.peek(); token; token = cursor.peek()) {
    if (depth === 0 && (keywords.some((keyword) => isWord(token, keyword)) || (comma && token.text === ","))) break;
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    taken.push(cursor.next());
  }
  return taken;
}

/** What the engine knows and Redshift does not. */
function refuseForeign(tokens: readonly Token[]): void {
  let depth = 0;
  for (const [i, token] of tokens.entries()) {
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (depth > 0) continue;
    if (isWord(token, "returning")) throw syntaxError("returning");
    if (isWord(token, "on") && isWord(tokens[i + 1], "conflict")) throw syntaxError("on");
  }
}
