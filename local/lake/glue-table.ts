import { AwsError } from "../gateway/types";
import { type JsonCaller, jsonCall } from "../json-call";
import { notCarried, QueryError } from "./errors";
import { type HiveColumn, parseHiveType } from "./hive-type";

/** A table as the Glue Data Catalog defines it. */
export interface LakeTable {
  readonly database: string;
  readonly name: string;
  readonly location: string;
  readonly columns: readonly HiveColumn[];
  readonly partitionKeys: readonly HiveColumn[];
  readonly parameters: Readonly<Record<string, string>>;
  /** How its objects hold rows. */
  readonly files: "lines" | "parquet";
  readonly serde: string;
  readonly serdeParameters: Readonly<Record<string, string>>;
}

interface GlueColumn {
  readonly Name: string;
  readonly Type?: string;
}

interface GlueTable {
  readonly PartitionKeys?: readonly GlueColumn[];
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly StorageDescriptor?: {
    readonly Location?: string;
    readonly InputFormat?: string;
    readonly Columns?: readonly GlueColumn[];
    readonly SerdeInfo?: {
      readonly SerializationLibrary?: string;
      readonly Parameters?: Readonly<Record<string, string>>;
    };
  };
}

/** Input formats that are carried, with what their objects are. */
const FILES: Readonly<Record<string, LakeTable["files"]>> = {
  "org.apache.hadoop.mapred.TextInputFormat": "lines",
  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat": "parquet",
};
const ORC_INPUT = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat";

/**
 * Asks Glue for a table's definition, with the keys of whoever runs the query: without `glue:GetTable` there is no answer, as on AWS
 * (https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html).
 */
export async function readTable(caller: JsonCaller, database: string, name: string): Promise<LakeTable> {
  let table: GlueTable;
  try {
    const answer = await jsonCall<{ Table: GlueTable }>(caller, "glue", "AWSGlue.GetTable", {
      DatabaseName: database,
      Name: name,
    });
    table = answer.Table;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code === "EntityNotFoundException") {
      throw new QueryError(`TABLE_NOT_FOUND: Table 'awsdatacatalog.${database}.${name}' does not exist`);
    }
    throw new QueryError(`${error.code}: ${error.message}`);
  }
  const storage = table.StorageDescriptor ?? {};
  const format = storage.InputFormat ?? "";
  if (format === ORC_INPUT) throw notCarried(`ORC, the format of ${database}.${name} (no engine here reads it),`);
  const files = Object.hasOwn(FILES, format) ? FILES[format] : undefined;
  if (!files) throw notCarried(`the input format ${format || "without a name"} of ${database}.${name}`);
  const columnsOf = (columns: readonly GlueColumn[] = []) =>
    columns.map(({ Name, Type = "string" }) => ({ name: Name.toLowerCase(), type: parseHiveType(Type) }));
  return {
    database,
    name,
    location: storage.Location ?? "",
    columns: columnsOf(storage.Columns),
    partitionKeys: columnsOf(table.PartitionKeys),
    parameters: table.Parameters ?? {},
    files,
    serde: storage.SerdeInfo?.SerializationLibrary ?? "",
    serdeParameters: storage.SerdeInfo?.Parameters ?? {},
  };
}
