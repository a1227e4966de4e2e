import { Construct } from "constructs";
import { TELEMETRY } from "../lambda-src/events/telemetry";
import { Bucket } from "../modules/bucket";
import { AnalyticsApplication, SqlApplication } from "../modules/kinesis-data-analytics";
import type { Alarms } from "../modules/observability";
import type { TelemetryIngest } from "./telemetry-ingest";

const SELECT = "sql/telemetry/analytics/fast-laps.sql";

type Props<C extends abstract new (...args: never[]) => unknown> = ConstructorParameters<C>[2];

export interface FastLapsProps {
  readonly name: string;
  readonly codeBucketName: string;
  readonly engine: string;
  readonly ingest: TelemetryIngest;
  readonly delivery: Props<typeof AnalyticsApplication>["delivery"] & Props<typeof SqlApplication>["delivery"];
  readonly disposable: boolean;
  /** Days the application's log is kept. */
  readonly logRetentionDays: number;
}

/** The SELECT of fast laps on the telemetry, by the engine that the settings choose. */
export class FastLaps extends Construct {
  readonly application: AnalyticsApplication | SqlApplication;

  constructor(scope: Construct, id: string, props: FastLapsProps) {
    super(scope, id);
    const { key, stream, rawDelivery } = props.ingest;
    const { name, delivery, logRetentionDays } = props;
    const common = { name, shape: TELEMETRY, delivery, select: SELECT, key, logRetentionDays };
    this.application = stream
      ? new AnalyticsApplication(this, "application", {
          ...common,
          // The construct checks it: a settings file may hold any text.
          engine: props.engine as "flink",
          source: stream,
          codeBucket: new Bucket(this, "code", { name: props.codeBucketName, key, forceDestroy: props.disposable }),
        })
      : // An id and a name of its own: under the other engine's, a switch would replace resources in a circle, or meet what it makes place for.
        new SqlApplication(this, "sql-application", { ...common, name: `${name}-sql`, source: rawDelivery });
  }

  /** Rings when the application is down; of engine `sql` none runs. */
  raiseAlarms(alarms: Alarms): void {
    if (this.application instanceof AnalyticsApplication) alarms.onDowntime("fast-laps-down", this.application.name);
  }

  /** What `redstream` starts. Engine `sql` has none: AWS runs no such application any more. */
  get outputs(): Readonly<Record<string, string>> {
    return this.application instanceof AnalyticsApplication ? { analytics_application: this.application.name } : {};
  }
}
