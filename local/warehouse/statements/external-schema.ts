import { catalogue } from "../access/catalogue";
import { notCarried, SqlError } from "../errors";
import { lakeCatalogue } from "../lake/catalogue";
import { readLakeSchema } from "../lake/schema-options";
import type { Session } from "../session";
import type { Cursor } from "../sql/cursor";
import { quoteName } from "../sql/tokens";
import { streamCatalogue } from "../streaming/catalogue";
import { readStreamSchema } from "../streaming/statements";
import type { Run } from "./read";

/** CREATE EXTERNAL SCHEMA name FROM KAFKA | MSK | DATA CATALOG ...: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html */
export function readCreateExternalSchema(cursor: Cursor, session: Session): Run {
  const ifNotExists = cursor.accept("if", "not", "exists");
  const name = cursor.name();
  cursor.expect("from");
  const add = readSource(cursor, session, name);
  return {
    locks: [`schema ${name}`],
    run: async () => {
      const { engine, user } = session;
      if (!user.superuser)
        throw new SqlError(`permission denied for database ${session.warehouse.settings.database}`, "42501");
      const found = await engine.runAndReadAll(
        "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = $1",
        [name],
      );
      if (found.currentRowCount > 0) {
        if (ifNotExists) return undefined;
        throw new SqlError(`Schema "${name}" already exists`, "42P06");
      }
      await engine.run(`CREATE SCHEMA ${quoteName(name)}`);
      await catalogue.setOwner(engine, "schema", { schema: name, name: "" }, user.name);
      await add();
      return undefined;
    },
  };
}

/** What is outside, and how it is noted. */
function readSource(cursor: Cursor, { engine }: Session, name: string): () => Promise<void> {
  if (cursor.accept("data", "catalog")) {
    const schema = readLakeSchema(cursor, name);
    return () => lakeCatalogue.addSchema(engine, schema);
  }
  const source = cursor.name();
  if (source !== "kafka" && source !== "msk")
    throw notCarried(`CREATE EXTERNAL SCHEMA ... FROM ${source.toUpperCase()}`);
  const schema = readStreamSchema(cursor, name, source);
  return () => streamCatalogue.addSchema(engine, schema);
}
