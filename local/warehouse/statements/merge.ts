import { SqlError, syntaxError } from "../errors";
import type { Session } from "../session";
import { type Cursor, isWord, showName, type TableName } from "../sql/cursor";
import { toEngine } from "../sql/rewrite";
import { quoteName, type Token } from "../sql/tokens";
import type { Run } from "./read";
import { describe, engineName, requirePrivilege } from "./relations";

type Matched = { readonly kind: "update"; readonly sets: readonly (readonly Token[])[] } | { readonly kind: "delete" };

interface Insert {
  readonly columns?: readonly string[];
  readonly values: readonly (readonly Token[])[];
}

/**
 * MERGE, by https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html: one WHEN MATCHED and one WHEN NOT MATCHED, or REMOVE DUPLICATES.
 * A target row that two source rows match is an error, and the source is a table, not a view and not a query.
 */
export function readMerge(cursor: Cursor, session: Session): Run {
  const database = session.warehouse.settings.database;
  cursor.expect("into");
  const target = cursor.table(database);
  if (!isWord(cursor.peek(), "using")) throw syntaxError(cursor.peek()?.text);
  cursor.expect("using");
  if (cursor.peek()?.text === "(") throw new SqlError("MERGE takes a table as its source, not a subquery", "0A000");
  const source = cursor.table(database);
  const alias = cursor.accept("as") || !isWord(cursor.peek(), "on") ? cursor.name() : source.name;
  cursor.expect("on");
  const condition = until(cursor, ["when", "remove"]);
  const duplicates = cursor.accept("remove", "duplicates");
  const { matched, insert } = duplicates ? { matched: undefined, insert: undefined } : readClauses(cursor);
  cursor.end();
  return {
    locks: [showName(target)],
    run: async () => {
      const { engine, user } = session;
      const kind = await requirePrivilege(engine, user, "select", target);
      if (kind === "view") throw new SqlError(`"${target.name}" is a view: MERGE writes tables`, "42809");
      const into = { name: engineName(target, kind), alias: quoteName(target.name) };
      for (const privilege of duplicates ? ["insert", "delete"] : ["insert", matched!.kind])
        await requirePrivilege(engine, user, privilege, target);
      const from = await sourceOf(session, source, alias);
      const on = toEngine(condition, user.name);
      await refuseTwoMatches(session, into, from, on);
      if (duplicates) return removeDuplicates(session, target, source, into, from, on);
      const columns = insert!.columns ?? (await describe(engine, target)).map((column) => column.name);
      const values = insert!.values.map((value) => toEngine(value, user.name)).join(", ");
      const action =
        matched!.kind === "delete"
          ? "DELETE"
          : `UPDATE SET ${matched!.sets.map((set) => toEngine(set, user.name)).join(", ")}`;
      return engine.run(
        `MERGE INTO ${into.name} AS ${into.alias} USING ${from} ON ${on} WHEN MATCHED THEN ${action} ` +
          `WHEN NOT MATCHED THEN INSERT (${columns.map(quoteName).join(", ")}) VALUES (${values})`,
      );
    },
  };
}

function readClauses(cursor: Cursor): { matched: Matched; insert: Insert } {
  let matched: Matched | undefined;
  let insert: Insert | undefined;
  while (cursor.accept("when")) {
    const not = cursor.accept("not");
    cursor.expect("matched");
    if (isWord(cursor.peek(), "and")) throw new SqlError("MERGE takes no condition after WHEN MATCHED", "42601");
    cursor.expect("then");
    if (not) {
      if (insert) throw new SqlError("MERGE takes one WHEN NOT MATCHED", "42601");
      insert = readInsertClause(cursor);
    } else {
      if (matched) throw new SqlError("MERGE takes one WHEN MATCHED", "42601");
      matched = readMatchedClause(cursor);
    }
  }
  if (!matched || !insert)
    throw new SqlError("MERGE takes both WHEN MATCHED and WHEN NOT MATCHED, or REMOVE DUPLICATES", "42601");
  return { matched, insert };
}

function readMatchedClause(cursor: Cursor): Matched {
  if (cursor.accept("delete")) return { kind: "delete" };
  cursor.expect("update", "set");
  const sets: Token[][] = [];
  do sets.push(until(cursor, ["when"], true));
  while (cursor.acceptSymbol(","));
  return { kind: "update", sets };
}

function readInsertClause(cursor: Cursor): Insert {
  cursor.expect("insert");
  const columns = cursor.peek()?.text === "(" ? cursor.nameList() : undefined;
  cursor.expect("values");
  cursor.expectSymbol("(");
  const values: Token[][] = [];
  do values.push(cursor.until(",", ")"));
  while (cursor.acceptSymbol(","));
  cursor.expectSymbol(")");
  return { ...(columns ? { columns } : {}), values };
}

async function sourceOf(session: Session, source: TableName, alias: string): Promise<string> {
  const kind = await requirePrivilege(session.engine, session.user, "select", source);
  if (kind === "view") throw new SqlError(`MERGE takes a table as its source: "${source.name}" is a view`, "0A000");
  return `${engineName(source, kind)} AS ${quoteName(alias)}`;
}

interface Into {
  readonly name: string;
  readonly alias: string;
}

async function refuseTwoMatches(session: Session, into: Into, from: string, on: string): Promise<void> {
  const found = await session.engine.runAndReadAll(
    `SELECT 1 FROM ${into.name} AS ${into.alias} JOIN ${from} ON ${on} GROUP BY ${into.alias}.rowid HAVING count(*) > 1 LIMIT 1`,
  );
  if (found.getRows().length > 0) throw new SqlError("Found multiple matches to update the same tuple.", "21000");
}

/** Matching target rows go, and each distinct source row comes in once. */
async function removeDuplicates(
  session: Session,
  target: TableName,
  source: TableName,
  into: Into,
  from: string,
  on: string,
) {
  const { engine } = session;
  const [mine, theirs] = [await describe(engine, target), await describe(engine, source)];
  if (mine.length !== theirs.length)
    throw new SqlError(
      `MERGE ... REMOVE DUPLICATES takes tables of the same columns: "${target.name}" has ${mine.length}, "${source.name}" ${theirs.length}`,
      "42601",
    );
  await engine.run(
    `DELETE FROM ${into.name} WHERE rowid IN (SELECT ${into.alias}.rowid FROM ${into.name} AS ${into.alias} JOIN ${from} ON ${on})`,
  );
  return engine.run(`INSERT INTO ${into.name} SELECT DISTINCT * FROM ${from}`);
}

function until(cursor: Cursor, keywords: readonly string[], comma = false): Token[] {
  const taken: Token[] = [];
  let depth = 0;
  let cases = 0;
  for (let token = cursor.peek(); token; token = cursor.peek()) {
    if (depth === 0 && cases === 0) {
      if (keywords.some((keyword) => isWord(token, keyword)) || (comma && token.text === ",")) break;
    }
    // CASE has WHENs of its own.
    if (isWord(token, "case")) cases++;
    if (isWord(token, "end")) cases--;
    if (token.kind === "symbol" && token.text === "(") depth++;
    if (token.kind === "symbol" && token.text === ")") depth--;
    taken.push(cursor.next());
  }
  if (taken.length === 0) throw syntaxError(cursor.peek()?.text);
  return taken;
}
