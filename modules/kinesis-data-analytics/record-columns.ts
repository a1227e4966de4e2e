import type { FieldType, RecordShape } from "../../lambda-src/events/telemetry";

const SQL_TYPES: Readonly<Record<FieldType, string>> = { int: "INTEGER", double: "DOUBLE" };

/** A column of the SQL runtime's input, which knows no nested records. */
export interface RecordColumn {
  readonly name: string;
  readonly sqlType: string;
  /** Where it stands in a record, as JSONPath. */
  readonly mapping: string;
}

/**
 * The columns of records of `shape`, nested ones flattened in field order. A name that is taken gets the first free number behind
 * it, as the service's own schema discovery does: front_left, front_left0, front_left1.
 */
export function recordColumns(shape: RecordShape): readonly RecordColumn[] {
  const columns: RecordColumn[] = [];
  const taken = new Set<string>();
  const add = (fields: RecordShape, at: string) => {
    for (const [field, type] of Object.entries(fields)) {
      if (typeof type !== "string") add(type, `${at}.${field}`);
      else columns.push({ name: free(field, taken), sqlType: SQL_TYPES[type], mapping: `${at}.${field}` });
    }
  };
  add(shape, "$");
  return columns;
}

function free(field: string, taken: Set<string>): string {
  let name = field;
  for (let n = 0; taken.has(name); n += 1) name = `${field}${n}`;
  taken.add(name);
  return name;
}
