import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { Construct } from "constructs";
import { numberingProblem } from "../../lambda-src/run-migrations/event";
import {
  checksumOf,
  MIGRATION_NAME,
  MIGRATION_NAME_RULE,
  normalised,
  statementsOf,
} from "../../lambda-src/run-migrations/migration";
import { ConfigError } from "../support/check";

/** A migration as the function's input holds it. */
export interface PlannedMigration {
  readonly name: string;
  readonly sql: string;
  /** Hex SHA-256 of `sql`, so that a plan shows that a file changed even where its text is hidden. */
  readonly checksum: string;
}

/** Longest run of digits, points, hyphens, bars and plus signs: cdktf looks for number tokens in time that grows with its square. */
const LONGEST_RULE = 2000;

/**
 * The numbered files `NNN_what.sql` of `folder` (from the project's folder), in order. Checked here as the function would check them, so
 * that a file that cannot be applied fails the synth and not the apply. Folders and other kinds of files beside them are passed over.
 */
export function readMigrations(scope: Construct, folder: string): readonly PlannedMigration[] {
  const at = path.resolve(folder);
  if (!existsSync(at)) throw new ConfigError(scope, `dataset: folder ${folder} does not exist`);
  const names = readdirSync(at, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".sql"))
    .map(({ name }) => name)
    .sort();
  if (names.length === 0) throw new ConfigError(scope, `dataset: folder ${folder} holds no numbered .sql file`);
  for (const name of names) {
    if (!MIGRATION_NAME.test(name)) {
      throw new ConfigError(scope, `${folder}/${name} must be named ${MIGRATION_NAME_RULE}`);
    }
  }
  const problem = numberingProblem(names);
  if (problem) throw new ConfigError(scope, `${folder}: ${problem}`);
  return names.map((name) => read(scope, folder, name));
}

function read(scope: Construct, folder: string, name: string): PlannedMigration {
  const sql = normalised(readFileSync(path.resolve(folder, name), "utf8"));
  const checked = statementsOf({ name, sql });
  if (checked.kind === "refused") throw new ConfigError(scope, `${folder}/${checked.reason}`);
  if (/[$%]\{/.test(sql)) {
    throw new ConfigError(scope, `${folder}/${name} must not hold \${ or %{, which Terraform reads as its own`);
  }
  const rule = /[-|\d.+]{2000,}/.exec(sql);
  if (rule) {
    throw new ConfigError(
      scope,
      `${folder}/${name} holds a line of more than ${LONGEST_RULE} digits, points or hyphens; shorten it`,
    );
  }
  return { name, sql, checksum: checksumOf(sql) };
}

/**
 * Whether a file of one of these folders names both the table and the column: by its text, as what a warehouse makes of it is not known at synth. A comment
 * counts, for a column that comes in another way.
 */
export function namesColumn(scope: Construct, folders: readonly string[], table: string, column: string): boolean {
  const word = (name: string) => new RegExp(`\\b${name}\\b`, "i");
  return folders
    .flatMap((folder) => readMigrations(scope, folder))
    .some(({ sql }) => word(table).test(sql) && word(column).test(sql));
}
