import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { Construct } from "constructs";
import { ConfigError, checkMatch, checkOneOf } from "../support/check";

/** AWS's default and smallest buffer of a delivery stream that converts. */
const DEFAULT_MB = 128;
export const LEAST_MB = 64;

const FORMATS = ["PARQUET", "ORC"] as const;
const COMPRESSIONS = { PARQUET: ["SNAPPY", "GZIP", "UNCOMPRESSED"], ORC: ["SNAPPY", "ZLIB", "NONE"] } as const;

/** The Glue table whose columns the objects get. */
export interface SchemaTable {
  readonly databaseName: string;
  readonly tableName: string;
  /** Lets `grantee` read the table's versions: `glue:GetTable`, `GetTableVersion`, `GetTableVersions` on catalog, database and table. */
  grantReadSchema(grantee: IamRole): void;
}

/**
 * A columnar format in place of JSON lines. A record that does not fit the table's columns lands under the error prefix as
 * `format-conversion-failed`; keys that the table does not name are left out.
 */
export interface RecordFormat {
  readonly type: (typeof FORMATS)[number];

  /** Columns and types; its latest version counts. */
  readonly table: SchemaTable;

  /**
   * Compression inside the file: SNAPPY, GZIP or UNCOMPRESSED with PARQUET; SNAPPY, ZLIB or NONE with ORC.
   *
   * @default "SNAPPY"
   */
  readonly compression?: "SNAPPY" | "GZIP" | "UNCOMPRESSED" | "ZLIB" | "NONE";
}

/** Refuses what AWS refuses beside a format; answers the buffer that stands in for one not given. */
export function checkFormat(
  scope: Construct,
  format: RecordFormat,
  props: { readonly bufferingSizeMb?: number; readonly compression?: string },
): number {
  const type = checkOneOf(scope, "format.type", format.type, FORMATS);
  if (props.compression !== undefined && props.compression !== "UNCOMPRESSED") {
    throw new ConfigError(
      scope,
      `compression ${props.compression} contradicts format ${type}, which compresses by itself; leave compression out (format.compression says how)`,
    );
  }
  checkOneOf<string>(scope, "format.compression", format.compression ?? "SNAPPY", COMPRESSIONS[type]);
  const size = props.bufferingSizeMb ?? DEFAULT_MB;
  if (size < LEAST_MB) {
    throw new ConfigError(
      scope,
      `bufferingSizeMb must be between ${LEAST_MB} and 128 with format ${type}, got ${size}`,
    );
  }
  const name = "a name without white space";
  checkMatch(scope, "format.table.databaseName", format.table.databaseName, /^\S+$/, name);
  checkMatch(scope, "format.table.tableName", format.table.tableName, /^\S+$/, name);
  return size;
}

/** Input is JSON by the OpenX deserializer, which unlike Hive's takes keys of any case. */
export function conversion(format: RecordFormat, role: IamRole) {
  const compression = format.compression ?? "SNAPPY";
  return {
    dataFormatConversionConfiguration: {
      inputFormatConfiguration: { deserializer: { openXJsonSerDe: { caseInsensitive: true } } },
      outputFormatConfiguration: {
        serializer: format.type === "ORC" ? { orcSerDe: { compression } } : { parquetSerDe: { compression } },
      },
      schemaConfiguration: {
        databaseName: format.table.databaseName,
        tableName: format.table.tableName,
        roleArn: role.arn,
      },
    },
  };
}
