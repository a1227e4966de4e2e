import { Construct } from "constructs";
import { TELEMETRY } from "../lambda-src/events/telemetry";
import type { Bucket } from "../modules/bucket";
import type { EncryptionKey } from "../modules/encryption-key";
import {
  columnsOf,
  hourlyFolders,
  hourlyPartitions,
  LakeCatalog,
  type LakeTable,
  valuePartitions,
} from "../modules/lake-catalog";
import type { TelemetrySettings } from "../settings";

/** Columns of the analytics SELECT, in the order of its lines, by their fields in the record. */
const FAST_LAPS = { speed: TELEMETRY.speed, rpm: TELEMETRY.rpm, gear: TELEMETRY.gear, throttle: TELEMETRY.throttle };

export interface TelemetryCatalogProps {
  readonly settings: TelemetrySettings;
  /** Bucket of the raw delivery stream. */
  readonly raw: Bucket;
  /** Key of the results. */
  readonly key: EncryptionKey;
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  /** Whether results are destroyed with the stack. */
  readonly disposable: boolean;
}

/** Athena on what a telemetry stack keeps: the raw bucket as a table, with its named queries. */
export class TelemetryCatalog extends Construct {
  /** The raw bucket's files. */
  readonly telemetry: LakeTable;

  private readonly catalog: LakeCatalog;
  private readonly settings: TelemetrySettings;

  constructor(scope: Construct, id: string, { settings, raw, key, nameOf, disposable }: TelemetryCatalogProps) {
    super(scope, id);
    this.settings = settings;
    const name = nameOf("athena");
    this.catalog = new LakeCatalog(this, "lake", {
      name,
      databaseName: name.replaceAll("-", "_"),
      resultsBucketName: nameOf("results"),
      key,
      bytesScannedPerQuery: settings.bytesScannedPerQuery,
      forceDestroy: disposable,
    });
    const { format, partitioning = {} } = settings.raw;
    const values = Object.fromEntries(Object.entries(partitioning).map(([name, key]) => [name, key.values]));
    this.telemetry = this.catalog.addTable("telemetry", {
      name: "telemetry",
      description: "Every record as it was sent, with its EXTRA2",
      bucket: raw,
      format,
      columns: columnsOf({ ...TELEMETRY, EXTRA2: "double" }),
      partitioning: valuePartitions(this, values, hourlyPartitions(this)),
    });
    this.catalog.addQueries("sql/telemetry/athena/telemetry");
  }

  /** Adds the processed bucket, whose lines are the fast laps. */
  addFastLaps(bucket: Bucket): void {
    this.catalog.addTable("fast-laps", {
      name: "fast_laps",
      description: "The records that the analytics application selects",
      bucket,
      format: "csv",
      columns: columnsOf(FAST_LAPS),
      partitioning: hourlyFolders(this, { aheadOfUtc: this.settings.processed.timeZone !== undefined }),
    });
    this.catalog.addQueries("sql/telemetry/athena/fast_laps");
  }

  /** What `redstream athena` reads. */
  get outputs(): Readonly<Record<string, string>> {
    return { athena_workgroup: this.catalog.workgroupName, athena_database: this.catalog.databaseName };
  }
}
