import { identifier, literal } from "../data-api/quote";
import { DEFAULT_SCHEMA, type LoadTable } from "./table";

/** Record of every load, made by a migration. */
export const LOADS = "redstream.loads";

/** `schema.table` as redstream.loads has it. */
export const recordedName = ({ schema = DEFAULT_SCHEMA, name }: LoadTable): string => `${schema}.${name}`;

export const tableName = ({ schema = DEFAULT_SCHEMA, name }: LoadTable): string =>
  `${identifier(schema)}.${identifier(name)}`;

export const list = (names: readonly string[]): string => names.map(identifier).join(", ");

/** A moment as a literal, to the millisecond. */
export const timestamp = (at: Date): string => `TIMESTAMP ${literal(at.toISOString().slice(0, 23).replace("T", " "))}`;

/** `YYYY-MM-DDTHH` as a literal. */
export const hourTimestamp = (hour: string): string => timestamp(new Date(`${hour}:00:00Z`));
