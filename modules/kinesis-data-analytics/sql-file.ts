import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

/** The one statement of a file under the project's folder, without comments and closing semicolon. */
export function sqlFile(scope: Construct, prop: string, file: string): string {
  const found = path.resolve(file);
  if (!existsSync(found)) throw new ConfigError(scope, `${prop}: there is no file ${file} in the project`);
  const sql = withoutComments(readFileSync(found, "utf8")).replace(/;\s*$/, "").trim();
  if (sql === "") throw new ConfigError(scope, `${prop}: ${file} holds no statement`);
  return sql;
}

/** The one SELECT of a file under the project's folder, as `sqlFile` has it. */
export function selectFile(scope: Construct, file: string): string {
  const select = sqlFile(scope, "select", file);
  if (!/^\s*select\b/i.test(select) || select.replace(/'[^']*'/g, "").includes(";")) {
    throw new ConfigError(scope, `select: ${file} must hold one SELECT, got ${JSON.stringify(select.slice(0, 60))}`);
  }
  return select;
}

/** SQL without `--` and block comments, which would comment out what a wrapper puts behind it. Literals and hints stay. */
export function withoutComments(sql: string): string {
  return sql
    .replace(/('[^']*'|`[^`]*`|\/\*\+[\s\S]*?\*\/)|--[^\n]*|\/\*[\s\S]*?\*\//g, (_, kept?: string) => kept ?? "")
    .replace(/^[ \t]*\n/gm, "");
}
