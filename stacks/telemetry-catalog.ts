import { Construct } from "constructs";
import { TELEMETRY } from "../lambda-src/events/telemetry";
import type { Bucket } from "../modules/bucket";
import { columnsOf, hourlyFolders, hourlyPartitions, LakeCatalog } from "../modules/lake-catalog";
import type { TelemetryIngest } from "./telemetry-ingest";

/** Columns of the analytics SELECT, in the order of its lines, by their fields in the record. */
const FAST_LAPS = { speed: TELEMETRY.speed, rpm: TELEMETRY.rpm, gear: TELEMETRY.gear, throttle: TELEMETRY.throttle };

export interface TelemetryCatalogProps {
  readonly ingest: TelemetryIngest;
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  /** Whether results are destroyed with the stack. */
  readonly disposable: boolean;
}

/** Athena on what a telemetry stack keeps: the raw bucket as a table, with its named queries. */
export class TelemetryCatalog extends Construct {
  private readonly catalog: LakeCatalog;

  constructor(scope: Construct, id: string, { ingest, nameOf, disposable }: TelemetryCatalogProps) {
    super(scope, id);
    const name = nameOf("athena");
    this.catalog = new LakeCatalog(this, "lake", {
      name,
      databaseName: name.replaceAll("-", "_"),
      resultsBucketName: nameOf("results"),
      key: ingest.key,
      forceDestroy: disposable,
    });
    this.catalog.addTable("telemetry", {
      name: "telemetry",
      description: "Every record as it was sent, with its EXTRA2",
      bucket: ingest.raw,
      format: "json",
      columns: columnsOf({ ...TELEMETRY, EXTRA2: "double" }),
      partitioning: hourlyPartitions(this),
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
      partitioning: hourlyFolders(this),
    });
    this.catalog.addQueries("sql/telemetry/athena/fast_laps");
  }

  /** What `redstream athena` reads. */
  get outputs(): Readonly<Record<string, string>> {
    return { athena_workgroup: this.catalog.workgroupName, athena_database: this.catalog.databaseName };
  }
}
