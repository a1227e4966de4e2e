import { catalogue } from "../access/catalogue";
import { notCarried, SqlError, syntaxError } from "../errors";
import type { Session } from "../session";
import { type Cursor, showName, type TableName } from "../sql/cursor";
import { toEngine } from "../sql/rewrite";
import { withSemantics } from "../sql/semantics";
import { quoteName, type Token, tokenize } from "../sql/tokens";
import { requireSchema } from "../statements/grants";
import type { Run } from "../statements/read";
import { relationKind } from "../statements/relations";
import { streamCatalogue } from "./catalogue";
import { refresh } from "./refresh";
import type { StreamSchema } from "./source";
import { TOPIC_TABLE, TopicTable } from "./topic-table";

/** Options of CREATE EXTERNAL SCHEMA ... FROM KAFKA | MSK: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html */
export function readStreamSchema(cursor: Cursor, name: string, source: "kafka" | "msk"): StreamSchema {
  let role: string | null = null;
  let authentication: "none" | "iam" | undefined;
  let uri: string | null = null;
  let clusterArn: string | null = null;
  while (!cursor.done) {
    if (cursor.accept("iam_role")) role = cursor.accept("default") ? "default" : cursor.string();
    else if (cursor.accept("authentication")) {
      const kind = cursor.name();
      if (kind === "mtls") throw notCarried("AUTHENTICATION mtls");
      if (kind !== "none" && kind !== "iam") throw syntaxError(kind);
      authentication = kind;
    } else if (cursor.accept("uri")) uri = cursor.string();
    else if (cursor.accept("cluster_arn")) clusterArn = cursor.string();
    else throw notCarried(`external schema option ${cursor.next().text.toUpperCase()}`);
  }
  if (!authentication)
    throw new SqlError("AUTHENTICATION must be none or iam for an external schema of a stream", "42601");
  if (authentication === "iam" && !role) throw new SqlError("AUTHENTICATION iam needs IAM_ROLE", "42601");
  if ((uri === null) === (clusterArn === null)) throw new SqlError("one of URI and CLUSTER_ARN must be given", "42601");
  return { name, source, authentication, role, uri, clusterArn };
}

/** Reads on from after CREATE MATERIALIZED VIEW: https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-create-sql-command.html */
export function readCreateMaterializedView(cursor: Cursor, session: Session): Run {
  const view = cursor.table(session.warehouse.settings.database);
  let autoRefresh = false;
  for (;;) {
    if (cursor.accept("backup")) yesOrNo(cursor);
    else if (cursor.accept("auto", "refresh")) autoRefresh = yesOrNo(cursor);
    else if (cursor.accept("diststyle")) cursor.name();
    else if (cursor.accept("distkey") || cursor.accept("sortkey") || cursor.accept("compound", "sortkey"))
      cursor.nameList();
    else break;
  }
  cursor.expect("as");
  const query = cursor.rest();
  const from = sourceOf(query);
  return {
    locks: [showName(view)],
    run: async () => {
      const { engine, user, warehouse } = session;
      const schema = await streamCatalogue.schema(engine, from.schema);
      if (!schema) throw notCarried("a materialized view of anything but one topic of an external schema");
      await requireSchema(session, view.schema);
      await catalogue.require(engine, user, "create", "schema", { schema: view.schema, name: "" });
      await catalogue.require(engine, user, "usage", "schema", { schema: from.schema, name: "" });
      if (await relationKind(engine, view)) throw new SqlError(`Relation "${view.name}" already exists`, "42P07");
      try {
        await (await warehouse.streams.topic(schema, from.topic)).ranges();
      } catch (error) {
        throw new SqlError(
          `topic ${from.topic} of schema ${from.schema} cannot be read: ${(error as Error).message}`,
          "58000",
        );
      }
      const table = new TopicTable(engine);
      await table.create();
      let sql: string;
      try {
        sql = await withSemantics(engine, toEngine(from.query, user.name));
        await engine.run(`CREATE TABLE ${quoteName(view.schema)}.${quoteName(view.name)} AS ${sql}`);
      } finally {
        await table.drop();
      }
      await catalogue.setOwner(engine, "table", view, user.name);
      await streamCatalogue.addView(engine, {
        view,
        streamSchema: from.schema,
        topic: from.topic,
        query: sql,
        autoRefresh,
      });
      return undefined;
    },
  };
}

function yesOrNo(cursor: Cursor): boolean {
  if (cursor.accept("yes")) return true;
  cursor.expect("no");
  return false;
}

interface Source {
  readonly schema: string;
  /** Its case counts. */
  readonly topic: string;
  /** The query with the topic's own table in its place. */
  readonly query: readonly Token[];
}

/** Words after which a view would be more than a selection of one topic's records, which Redshift does not refresh by itself. */
const TOO_MUCH = [
  "join",
  "group",
  "having",
  "union",
  "intersect",
  "except",
  "order",
  "limit",
  "distinct",
  "over",
  "with",
];

/** The one topic that a streaming view reads. @throws SqlError for anything more than SELECT ... FROM schema.topic [WHERE ...] */
function sourceOf(query: readonly Token[]): Source {
  const found = query.find((token) => token.kind === "word" && TOO_MUCH.includes(token.value));
  if (found) throw notCarried(`${found.text.toUpperCase()} in a materialized view`);
  const at = query.findIndex((token) => token.kind === "word" && token.value === "from");
  const [schema, dot, topic] = [query[at + 1], query[at + 2], query[at + 3]];
  const named = (token: Token | undefined) => token?.kind === "word" || token?.kind === "name";
  if (at < 0 || !schema || !topic || !named(schema) || dot?.text !== "." || !named(topic)) {
    throw notCarried("a materialized view of anything but one topic of an external schema");
  }
  const own = tokenize(TOPIC_TABLE);
  const text = topic.kind === "name" ? topic.text.slice(1, -1).replaceAll('""', '"') : topic.text;
  return { schema: schema.value, topic: text, query: [...query.slice(0, at + 1), ...own, ...query.slice(at + 4)] };
}

/** REFRESH MATERIALIZED VIEW name: https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-refresh-sql-command.html */
export function readRefresh(cursor: Cursor, session: Session): Run {
  cursor.expect("materialized", "view");
  const view = cursor.table(session.warehouse.settings.database);
  cursor.accept("restrict");
  cursor.accept("cascade");
  cursor.end();
  return {
    locks: [showName(view)],
    run: async () => {
      const stream = await requireView(session, view);
      await catalogue.requireOwner(session.engine, session.user, "table", view);
      const scanned = await refresh(session, stream);
      return { columns: [], rows: [], rowCount: scanned };
    },
  };
}

/** DROP MATERIALIZED VIEW. Views over it are not looked for: what it drops, the engine drops. */
export function readDropMaterializedView(cursor: Cursor, session: Session): Run {
  const ifExists = cursor.accept("if", "exists");
  const view = cursor.table(session.warehouse.settings.database);
  cursor.accept("cascade");
  cursor.accept("restrict");
  cursor.end();
  return {
    locks: [showName(view)],
    run: async () => {
      const { engine, user } = session;
      if (ifExists && !(await relationKind(engine, view))) return undefined;
      await requireView(session, view);
      await catalogue.requireOwner(engine, user, "table", view);
      await engine.run(`DROP TABLE ${quoteName(view.schema)}.${quoteName(view.name)}`);
      await catalogue.forget(engine, "table", view);
      await streamCatalogue.dropView(engine, view);
      return undefined;
    },
  };
}

async function requireView(session: Session, view: TableName) {
  const [stream] = await streamCatalogue.views(session.engine, view);
  if (stream) return stream;
  if (await relationKind(session.engine, view))
    throw new SqlError(`"${view.name}" is not a materialized view`, "42809");
  throw new SqlError(`materialized view "${showName(view)}" does not exist`, "42P01");
}
