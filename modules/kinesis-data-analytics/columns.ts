import type { FieldType, RecordShape } from "../../lambda-src/events/telemetry";

const FLINK_TYPES: Readonly<Record<FieldType, string>> = { int: "INT", double: "DOUBLE" };

/** The columns of a Flink table that holds records of `shape`: `` `speed` DOUBLE, `suspension` ROW<`ride_height` DOUBLE, ...> ``. */
export function flinkColumns(shape: RecordShape): string {
  return Object.entries(shape)
    .map(([name, type]) => `\`${name}\` ${typeof type === "string" ? FLINK_TYPES[type] : `ROW<${flinkColumns(type)}>`}`)
    .join(", ");
}
