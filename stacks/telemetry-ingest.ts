import { Construct } from "constructs";
import { AccountLogging, IngestApi } from "../modules/api-gateway";
import { Bucket } from "../modules/bucket";
import { EncryptionKey } from "../modules/encryption-key";
import { DataFirehose } from "../modules/kinesis-data-firehose";
import { DataStream } from "../modules/kinesis-data-stream";
import { LambdaFunction } from "../modules/lambda-function";
import type { Alarms } from "../modules/observability";
import type { TelemetrySettings } from "../settings";
import type { TelemetryCatalog } from "./telemetry-catalog";
import { rawDeliveryProps } from "./telemetry-delivery";

export interface TelemetryIngestProps {
  readonly settings: TelemetrySettings;
  /** Full name of a part. */
  readonly nameOf: (part: string) => string;
  /** Whether buckets are destroyed with what they hold. */
  readonly disposable: boolean;
  /** Days the logs are kept. */
  readonly logRetentionDays: number;
  /** Makes the catalog of what lies in the raw bucket, by whose table a columnar format converts. */
  readonly catalogOf: (lake: { readonly key: EncryptionKey; readonly raw: Bucket }) => TelemetryCatalog;
}

/**
 * What both telemetry stacks begin with: API, data stream, processor, raw bucket. Engine `sql` reads the delivery stream itself, so with it the API
 * puts there and no data stream stands between.
 */
export class TelemetryIngest extends Construct {
  readonly key: EncryptionKey;
  /** Undefined with engine `sql`. */
  readonly stream: DataStream | undefined;
  readonly api: IngestApi;
  readonly raw: Bucket;
  readonly catalog: TelemetryCatalog;
  readonly rawDelivery: DataFirehose;

  private readonly transform: LambdaFunction;

  constructor(scope: Construct, id: string, props: TelemetryIngestProps) {
    super(scope, id);
    const { settings, nameOf, disposable, logRetentionDays } = props;
    this.key = new EncryptionKey(this, "key", {
      description: `Telemetry of ${scope.node.id}`,
      deletionWindowDays: disposable ? 7 : 30,
    });
    const key = this.key;
    this.stream =
      settings.engine === "sql"
        ? undefined
        : new DataStream(this, "stream", {
            name: nameOf("telemetry"),
            key,
            retentionHours: settings.retentionHours,
          });

    this.transform = new LambdaFunction(this, "transform", {
      name: nameOf("transform"),
      source: "transform-telemetry",
      key,
      timeoutSeconds: 60,
      logRetentionDays,
    });
    this.raw = new Bucket(this, "raw", { name: nameOf("raw"), key, forceDestroy: disposable });
    this.catalog = props.catalogOf({ key, raw: this.raw });
    // What takes puts itself is another delivery stream than one with a source: AWS changes neither into the other. Under one id a switch of
    // the engine would replace it in a circle with the API's deployment, and under one name it would meet itself.
    const [deliveryId, deliveryName] = this.stream ? ["raw-delivery", "raw"] : ["raw-put-delivery", "raw-put"];
    this.rawDelivery = new DataFirehose(this, deliveryId, {
      name: nameOf(deliveryName),
      source: this.stream,
      processor: this.transform,
      bucket: this.raw,
      key,
      logRetentionDays,
      ...rawDeliveryProps(scope, settings, { bucket: this.raw, table: this.catalog.telemetry }),
    });

    this.api = new IngestApi(this, "api", {
      name: nameOf("api"),
      key,
      target: this.stream ? { dataStream: this.stream } : { deliveryStream: this.rawDelivery },
      auth: settings.auth,
      allowedCidrs: settings.allowedCidrs,
      keyRequestsPerDay: settings.keyRequestsPerDay,
      allowedOrigin: settings.allowedOrigin,
      logRetentionDays,
      accountLogging:
        settings.accountLogging === scope.node.id ? new AccountLogging(this, "account-logging") : undefined,
    });
  }

  /** Rings when records do not come as far as the raw bucket. */
  raiseAlarms(alarms: Alarms): void {
    alarms.onErrors("transform-errors", this.transform.fn.functionName);
    alarms.onDelivery("raw", this.rawDelivery.deliveryStream);
  }

  /** What `redstream` reads of every telemetry stack. */
  get outputs(): Readonly<Record<string, string>> {
    return {
      api_url: this.api.url,
      api_auth: this.api.auth,
      ...this.api.callerOutputs,
      ...(this.stream ? { stream_name: this.stream.name } : {}),
      raw_bucket: this.raw.name,
      raw_delivery_stream: this.rawDelivery.name,
      ...this.catalog.outputs,
    };
  }
}
