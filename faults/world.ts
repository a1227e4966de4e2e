import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import { DescribeStateMachineCommand, SFNClient } from "@aws-sdk/client-sfn";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Answer, query, type Warehouse, type WarehouseOutputs, warehouseOf } from "../cli/query";
import type { Gateway } from "../local/gateway";
import type { WriteConflicts } from "../local/warehouse";
import { type Deployed, deployed } from "./deployed";
import { listedIn, makeParquetTable, withParquetTable } from "./parquet-table";
import type { Spoiler } from "./spoiler";
import { Workers } from "./workers";

/** Terraform outputs of a stack with a loader, as far as the campaign reads them. */
export interface LoaderOutputs extends WarehouseOutputs {
  readonly loader_bucket: string;
  readonly loader_queue_url: string;
  readonly loader_dead_letter_url: string;
  readonly loader_ledger: string;
  readonly loader_function: string;
  readonly sweep_state_machine: string;
  readonly replay_function: string;
}

/** A table of the allow-list, and what its columns are in the warehouse. */
export interface LoadedTable {
  readonly name: string;
  readonly schema: string;
  readonly columns: readonly string[];
  readonly types: readonly string[];
  /** Which column names a row. */
  readonly identity: number;
  readonly format: "csv" | "json" | "parquet";
  readonly gzip: boolean;
  /** Rows of one key replace each other, so that doubled ones cannot be seen. */
  readonly deduplicated: boolean;
}

/**
 * Seconds of a claim, in place of the function's own timeout: as long as a load takes here and no longer, so that the work of a killed worker is taken over in
 * seconds. A load that takes longer is overtaken while it lives, which must do no harm either.
 */
const LEASE_SECONDS = "4";

/** What makes requests and statements go wrong. */
export interface Spoiling {
  readonly spoiler: Spoiler;
  readonly conflicts: WriteConflicts;
}

/** An applied stack with a loader, and the campaign's hands in it. */
export class World {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly workers: Workers;
  readonly spoiler: Spoiler;
  readonly conflicts: WriteConflicts;
  private readonly data: RedshiftDataClient;
  private readonly warehouse: Warehouse;

  private constructor(
    readonly gateway: Gateway,
    readonly outputs: LoaderOutputs,
    { spoiler, conflicts }: Spoiling,
    readonly loader: Deployed,
    readonly sweep: Deployed,
    readonly replay: Deployed,
  ) {
    this.spoiler = spoiler;
    this.conflicts = conflicts;
    const config = gateway.aws.internal;
    this.s3 = new S3Client(config);
    this.sqs = new SQSClient(config);
    this.dynamodb = new DynamoDBClient(config);
    this.data = new RedshiftDataClient(config);
    this.workers = new Workers(gateway);
    const warehouse = warehouseOf(outputs);
    if (!warehouse) throw new Error("the stack has no warehouse");
    this.warehouse = warehouse;
  }

  /**
   * Takes over from the queue's own consumer, which cannot be killed at will: from now on the campaign takes the messages and calls the
   * functions as they were deployed, each in a process of its own. They load one table more, of Parquet.
   *
   * @param folder of the applied stack
   */
  static async of(gateway: Gateway, outputs: LoaderOutputs, folder: string, spoiling: Spoiling): Promise<World> {
    const applied = await deployed(gateway, outputs.loader_function, folder);
    const loader = withSettings(withParquetTable(applied), { LEASE_SECONDS });
    const sweepName = await functionOf(gateway, outputs.sweep_state_machine);
    // A run's objects are seconds old.
    const sweep = withSettings(await deployed(gateway, sweepName, folder), { MIN_AGE_SECONDS: "0" });
    const replay = withSettings(withParquetTable(await deployed(gateway, outputs.replay_function, folder)), {
      LEASE_SECONDS,
    });
    await stopMapping(gateway, outputs.loader_function);
    const world = new World(gateway, outputs, spoiling, loader, sweep, replay);
    await makeParquetTable((text) => world.sql(text), listedIn(applied)[0]!);
    return world;
  }

  /** The same with another code behind the loader's name; it is closed with this one. */
  with(loader: Partial<Deployed>): World {
    return Object.assign(Object.create(World.prototype), this, { loader: { ...this.loader, ...loader } });
  }

  /** SQL as the warehouse's admin. */
  sql(text: string): Promise<Answer> {
    return query(this.data, this.warehouse, text);
  }

  /** The tables of the allow-list whose files the campaign can write, and whose rows it can name by text. */
  async tables(): Promise<readonly LoadedTable[]> {
    const found: LoadedTable[] = [];
    for (const { name, schema = "public", columns, copy, dedupKey } of listedIn(this.loader)) {
      const { format, compression } = copy;
      if (format !== "csv" && format !== "json" && format !== "parquet") continue;
      if (compression !== undefined && compression !== "gzip") continue;
      const described = await this.sql(
        `SELECT column_name, data_type FROM svv_columns WHERE table_schema = '${schema}' AND table_name = '${name}'`,
      );
      const types = new Map(described.rows.map(([column, type]) => [String(column), String(type)]));
      const own = columns.map((column) => types.get(column) ?? "missing");
      const identity = own.indexOf("character varying");
      if (identity < 0) continue;
      found.push({
        name,
        schema,
        columns,
        types: own,
        identity,
        format,
        gzip: compression === "gzip",
        deduplicated: dedupKey !== undefined,
      });
    }
    if (found.length === 0) throw new Error("the loader has no table whose files the campaign can write");
    return found;
  }

  async close(): Promise<void> {
    await this.workers.close();
    for (const client of [this.s3, this.sqs, this.dynamodb, this.data]) client.destroy();
  }
}

function withSettings(of: Deployed, environment: Readonly<Record<string, string>>): Deployed {
  return { ...of, environment: { ...of.environment, ...environment } };
}

/** The function that a state machine calls. */
async function functionOf({ aws }: Gateway, stateMachineArn: string): Promise<string> {
  const sfn = new SFNClient(aws.internal);
  try {
    const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const name = /"arn:aws:lambda:[^":]*:\d{12}:function:([\w-]+)/.exec(definition ?? "")?.[1];
    if (!name) throw new Error(`${stateMachineArn} calls no function`);
    return name;
  } finally {
    sfn.destroy();
  }
}

async function stopMapping({ aws }: Gateway, name: string): Promise<void> {
  const lambda = new LambdaClient(aws.internal);
  try {
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({}));
    const own = EventSourceMappings?.filter(({ FunctionArn }) => FunctionArn?.includes(`:function:${name}`)) ?? [];
    for (const { UUID } of own) await lambda.send(new UpdateEventSourceMappingCommand({ UUID: UUID!, Enabled: false }));
  } finally {
    lambda.destroy();
  }
}
