import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

/** A query of a `.sql` file. */
export interface QueryFile {
  /** The file's name without `.sql`. */
  readonly name: string;
  /** The first comment lines, for people who look for a query. */
  readonly description: string;
  readonly sql: string;
}

/** Bytes of a query that Athena takes. */
const MOST_BYTES = 262_144;
/** Characters of a description that Athena takes. */
const MOST_DESCRIPTION = 1024;

/** The `.sql` files of `folder` (from the project's folder), by name. Each must begin with a comment that says what it answers. */
export function readQueries(scope: Construct, folder: string): readonly QueryFile[] {
  const at = path.resolve(folder);
  if (!existsSync(at)) throw new ConfigError(scope, `queries: folder ${folder} does not exist`);
  const names = readdirSync(at)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  if (names.length === 0) throw new ConfigError(scope, `queries: folder ${folder} holds no .sql file`);
  return names.map((name) => read(scope, folder, name));
}

function read(scope: Construct, folder: string, file: string): QueryFile {
  const name = file.slice(0, -".sql".length);
  if (!/^[a-z][a-z0-9_]{0,127}$/.test(name)) {
    throw new ConfigError(scope, `${folder}/${file} must be named with a-z, 0-9 and _, a letter first`);
  }
  const sql = readFileSync(path.resolve(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  const description = /^(?:--[^\n]*\n)+/.exec(sql)?.[0].replace(/^-- ?/gm, "").replaceAll("\n", " ").trim();
  if (!description)
    throw new ConfigError(scope, `${folder}/${file} must begin with a comment that says what it answers`);
  if (description.length > MOST_DESCRIPTION) {
    throw new ConfigError(
      scope,
      `${folder}/${file}: its comment must be at most ${MOST_DESCRIPTION} characters, got ${description.length}`,
    );
  }
  if (/[$%]\{/.test(sql)) {
    throw new ConfigError(scope, `${folder}/${file} must not hold \${ or %{, which Terraform reads as its own`);
  }
  const bytes = Buffer.byteLength(sql);
  if (bytes > MOST_BYTES)
    throw new ConfigError(scope, `${folder}/${file} must be at most ${MOST_BYTES} bytes, got ${bytes}`);
  return { name, description, sql };
}
