import type { Clock } from "../../clock";
import type { Meter } from "../../meter";
import type { LogSink } from "./ports";

/** Where a destination logs its errors; undefined when logging is off. */
export interface LogPlace {
  readonly group: string;
  readonly stream: string;
}

export interface ErrorEvent {
  /** `S3.AccessDenied`, `Lambda.FunctionError`, `Redshift.CopyFailed` ... */
  readonly errorCode: string;
  readonly message: string;
  /** ARN or URL of what refused. */
  readonly destination: string;
}

/**
 * The error log of a delivery stream in CloudWatch Logs, in AWS's form.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
 */
export class ErrorLog {
  constructor(
    private readonly from: { readonly arn: string; readonly version: number; readonly place: string },
    private readonly clock: Clock,
    private readonly meter: Meter,
    private readonly sink: () => LogSink,
    private readonly to: LogPlace | undefined,
  ) {}

  /** Never throws: a role without the right to log still delivers, as on AWS; the meter counts it. */
  async write({ errorCode, message, destination }: ErrorEvent): Promise<void> {
    this.meter.add(this.from.place, `error ${errorCode}`);
    if (!this.to) return;
    const event = {
      deliveryStreamARN: this.from.arn,
      destination,
      deliveryStreamVersionId: this.from.version,
      message,
      errorCode,
    };
    try {
      await this.sink().put(this.to.group, this.to.stream, [
        { at: this.clock.now().getTime(), message: JSON.stringify(event) },
      ]);
    } catch {
      this.meter.add(this.from.place, "log_failures");
    }
  }
}
