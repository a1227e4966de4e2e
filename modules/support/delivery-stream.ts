import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import type { KinesisFirehoseDeliveryStream } from "@cdktf/provider-aws/lib/kinesis-firehose-delivery-stream";
import { Construct } from "constructs";
import { ConfigError } from "./check";
import { allowPut } from "./firehose";

/** What every module of a delivery stream answers and grants, wherever it delivers to. */
export abstract class DeliveryStream extends Construct {
  /** The delivery stream itself, for anything these props do not cover. */
  abstract readonly deliveryStream: KinesisFirehoseDeliveryStream;

  get arn(): string {
    return this.deliveryStream.arn;
  }

  get name(): string {
    return this.deliveryStream.name;
  }

  /** Lets `grantee` put records on this delivery stream, and nothing else. */
  grantPut(grantee: IamRole): void {
    if (this.deliveryStream.kinesisSourceConfigurationInput !== undefined) {
      throw new ConfigError(
        this,
        "grantPut has no use: a delivery stream with a source takes no puts; grant put on the source instead",
      );
    }
    allowPut(this, this.arn, grantee);
  }
}
