import type { Construct } from "constructs";
import { ConfigError } from "../support/check";

const MAX_PROPERTIES = 50;
const MAX_CHARACTERS = 2048;

/** Refuses runtime properties that AWS does: more than 50, or a value that is empty or over 2,048 characters. */
export function checkProperties(scope: Construct, properties: Readonly<Record<string, string>>): void {
  const entries = Object.entries(properties);
  if (entries.length > MAX_PROPERTIES) {
    throw new ConfigError(scope, `there are ${entries.length} runtime properties, AWS takes at most ${MAX_PROPERTIES}`);
  }
  for (const [name, value] of entries) {
    if (value.length < 1 || value.length > MAX_CHARACTERS) {
      throw new ConfigError(
        scope,
        `runtime property ${name} must have 1 to ${MAX_CHARACTERS} characters, got ${value.length}; move a part of it into a property of its own`,
      );
    }
  }
}

/** SQL as a Terraform string: `${name}` is for the SQL runner, not for Terraform. */
export function verbatim(sql: string): string {
  return sql.replace(/[$%]\{/g, (opening) => opening[0] + opening);
}
