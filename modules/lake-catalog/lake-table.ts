import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Construct } from "constructs";
import type { RecordShape } from "../../lambda-src/events/telemetry";
import type { Bucket } from "../bucket";
import { ConfigError, checkMatch, checkOneOf } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";
import { catalogOf } from "./database";
import type { Partitioning } from "./partitioning";

const TEXT = {
  inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
  outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
};

/** How files become rows, by their format: https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html */
const FORMATS = {
  json: {
    ...TEXT,
    serializationLibrary: "org.openx.data.jsonserde.JsonSerDe",
    // A bucket that keeps what was sent keeps odd records too. Without these one of them fails every query that meets it.
    parameters: { "ignore.malformed.json": "true", "use.null.for.invalid.data": "true" },
  },
  csv: {
    ...TEXT,
    serializationLibrary: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    parameters: { "field.delim": ",", "serialization.format": ",", "serialization.null.format": "" },
  },
  parquet: {
    inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    parameters: { "serialization.format": "1" },
  },
  orc: {
    inputFormat: "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
    outputFormat: "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
    serializationLibrary: "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
    parameters: { "serialization.format": "1" },
  },
} as const;
const FORMAT_NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

const NAME = /^[a-z_][a-z0-9_]{0,127}$/;
const NAME_RULE = "1 to 128 of a-z, 0-9 and _, a letter or _ first";

export interface LakeColumn {
  /** Lower case, as Athena has it. */
  readonly name: string;
  /** Hive type such as `double` or `struct<a:int>`. */
  readonly type: string;
}

export interface LakeTableProps {
  /** 1 to 128 of a-z, 0-9 and `_`, a letter or `_` first. */
  readonly name: string;

  readonly database: GlueCatalogDatabase;

  /** Bucket that a delivery stream fills. */
  readonly bucket: Bucket;

  /**
   * `json`: one document a line. `csv`: values between commas, without quotes and without a header; nothing is NULL. `parquet`, `orc`: what a
   * delivery stream with that `format` writes, whose schema this table then is.
   */
  readonly format: keyof typeof FORMATS;

  /** In the order of the lines for `csv`, by name for `json`. At least one. */
  readonly columns: readonly LakeColumn[];

  /**
   * Start of the keys of its files, with a `/` at its end.
   *
   * @default - every object of the bucket
   */
  readonly prefix?: string;

  /**
   * Layout of the bucket below `prefix`. What lies beside it, such as an error prefix, is no part of the table. Redshift does not know projected partitions
   * (https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html), so a table for its queries has none.
   *
   * @default - every file below `prefix`, whatever its folder
   */
  readonly partitioning?: Partitioning;

  /**
   * What the table holds, for people.
   *
   * @default - none
   */
  readonly description?: string;
}

/** A table in the Glue Data Catalog over the files that a delivery stream leaves in a bucket. It holds no data: destroying it deletes no file. */
export class LakeTable extends Construct {
  /** The table itself, for anything these props do not cover. */
  readonly table: GlueCatalogTable;

  private readonly database: GlueCatalogDatabase;

  constructor(scope: Construct, id: string, props: LakeTableProps) {
    super(scope, id);
    this.database = props.database;
    const { partitioning, columns, bucket, prefix = "" } = props;
    const format = FORMATS[checkOneOf(this, "format", props.format, FORMAT_NAMES)];
    this.checkColumns(columns, partitioning);

    checkMatch(this, "prefix", prefix, /^(?:[^/]+\/)*$/, "folders with a / at the end");
    const location = `s3://${bucket.name}/${prefix}`;
    this.table = new GlueCatalogTable(this, "table", {
      name: checkMatch(this, "name", props.name, NAME, NAME_RULE),
      databaseName: props.database.name,
      ...(props.description === undefined ? {} : { description: props.description }),
      tableType: "EXTERNAL_TABLE",
      ...(partitioning ? { partitionKeys: partitioning.keys.map(({ name, type }) => ({ name, type })) } : {}),
      parameters: {
        EXTERNAL: "TRUE",
        ...(partitioning
          ? {
              "projection.enabled": "true",
              ...partitioning.properties,
              "storage.location.template": `${location}${partitioning.template}/`,
            }
          : {}),
      },
      storageDescriptor: {
        location,
        inputFormat: format.inputFormat,
        outputFormat: format.outputFormat,
        columns: columns.map(({ name, type }) => ({ name, type })),
        serDeInfo: { serializationLibrary: format.serializationLibrary, parameters: { ...format.parameters } },
      },
    });
  }

  get name(): string {
    return this.table.name;
  }

  get tableName(): string {
    return this.table.name;
  }

  get databaseName(): string {
    return this.table.databaseName;
  }

  /** Lets `grantee` read this table's columns, in whatever version: a delivery stream converts by them. Nothing of its files. */
  grantReadSchema(grantee: IamRole): void {
    allow(this, `schema-${idOf(grantee)}`, grantee, {
      actions: ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
      on: [catalogOf(this.database), this.database.arn, this.table.arn],
    });
  }

  private checkColumns(columns: readonly LakeColumn[], { keys }: Pick<Partitioning, "keys"> = { keys: [] }): void {
    if (columns.length === 0) throw new ConfigError(this, "columns must hold at least one column");
    const seen = new Set<string>(keys.map(({ name }) => name));
    for (const { name } of columns) {
      checkMatch(this, "columns", name, NAME, `named with ${NAME_RULE}`);
      if (seen.has(name))
        throw new ConfigError(this, `columns must have names of their own, got "${name}" twice (partition keys count)`);
      seen.add(name);
    }
  }
}

/** The columns of a record: its fields, nested records as structs. */
export function columnsOf(shape: RecordShape): LakeColumn[] {
  return Object.entries(shape).map(([name, type]) => ({ name: name.toLowerCase(), type: hiveType(type) }));
}

function hiveType(type: RecordShape[string]): string {
  if (typeof type === "string") return type;
  return `struct<${columnsOf(type)
    .map((column) => `${column.name}:${column.type}`)
    .join(",")}>`;
}
