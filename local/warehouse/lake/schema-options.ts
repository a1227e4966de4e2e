import { roleCredentials } from "../copy/options";
import { notCarried, SqlError } from "../errors";
import type { Cursor } from "../sql/cursor";
import type { LakeSchema } from "./source";

/** Reads on from after FROM DATA CATALOG: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html */
export function readLakeSchema(cursor: Cursor, name: string): LakeSchema {
  let database: string | undefined;
  let region: string | null = null;
  let role: string | undefined;
  while (!cursor.done) {
    if (cursor.accept("database")) database = cursor.string();
    else if (cursor.accept("region")) region = cursor.string();
    else if (cursor.accept("iam_role")) role = cursor.accept("default") ? "default" : cursor.string();
    else throw notCarried(`external schema option ${cursor.next().text.toUpperCase()}`);
  }
  if (!database) throw new SqlError("DATABASE must be given for an external schema of a data catalog", "42601");
  if (!role) throw new SqlError("IAM_ROLE must be given for an external schema of a data catalog", "42601");
  roleCredentials(role);
  return { name, database, region, role };
}
