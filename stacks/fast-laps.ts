import { Construct } from "constructs";
import { TELEMETRY } from "../lambda-src/events/telemetry";
import { Bucket } from "../modules/bucket";
import { AnalyticsApplication } from "../modules/kinesis-data-analytics";
import type { TelemetryIngest } from "./telemetry-ingest";

export interface FastLapsProps {
  readonly name: string;
  readonly codeBucketName: string;
  readonly engine: string;
  readonly ingest: TelemetryIngest;
  readonly delivery: ConstructorParameters<typeof AnalyticsApplication>[2]["delivery"];
  readonly disposable: boolean;
}

/** The SELECT of fast laps on the telemetry stream, with the bucket its program lies in. */
export class FastLaps extends Construct {
  readonly application: AnalyticsApplication;

  constructor(scope: Construct, id: string, props: FastLapsProps) {
    super(scope, id);
    const { key, stream } = props.ingest;
    this.application = new AnalyticsApplication(this, "application", {
      name: props.name,
      // The construct checks it: a settings file may hold any text.
      engine: props.engine as "flink",
      source: stream,
      shape: TELEMETRY,
      delivery: props.delivery,
      select: "sql/telemetry/analytics/fast-laps.sql",
      codeBucket: new Bucket(this, "code", { name: props.codeBucketName, key, forceDestroy: props.disposable }),
      key,
    });
  }
}
