import { randomUUID } from "node:crypto";
import type { LocalAws } from "../../gateway/types";
import { type Json, notFound } from "./json";

interface Operation {
  readonly arn: string;
  readonly clusterArn: string;
  readonly type: string;
  readonly started: Date;
  state: "UPDATE_IN_PROGRESS" | "UPDATE_COMPLETE" | "UPDATE_FAILED";
  ended?: Date;
  problem?: string;
}

/** Changes of clusters on their way, and how they ended. https://docs.aws.amazon.com/msk/1.0/apireference/operations-clusteroperationarn.html */
export class Operations {
  private readonly byArn = new Map<string, Operation>();

  constructor(private readonly aws: LocalAws) {}

  /** Starts one and answers its ARN at once; `work` is what it takes. */
  start(clusterArn: string, type: string, work: () => Promise<void>, done: () => void): string {
    const arn = `${clusterArn.replace(":cluster/", ":cluster-operation/")}/${randomUUID()}`;
    const operation: Operation = { arn, clusterArn, type, started: this.aws.clock.now(), state: "UPDATE_IN_PROGRESS" };
    this.byArn.set(arn, operation);
    void work()
      .then(
        () => {
          operation.state = "UPDATE_COMPLETE";
        },
        (error: Error) => {
          operation.state = "UPDATE_FAILED";
          operation.problem = error.message;
        },
      )
      .finally(() => {
        operation.ended = this.aws.clock.now();
        done();
      });
    return arn;
  }

  describe(arn: string): Json {
    return { clusterOperationInfo: this.info(this.find(arn)) };
  }

  describeV2(arn: string): Json {
    return { clusterOperationInfo: this.infoV2(this.find(arn)) };
  }

  list(clusterArn: string): Json {
    return { clusterOperationInfoList: this.of(clusterArn).map((one) => this.info(one)) };
  }

  listV2(clusterArn: string): Json {
    return { clusterOperationInfoList: this.of(clusterArn).map((one) => this.infoV2(one)) };
  }

  clusterOf(arn: string): string | undefined {
    return this.byArn.get(arn)?.clusterArn;
  }

  private of(clusterArn: string): Operation[] {
    return [...this.byArn.values()].filter((one) => one.clusterArn === clusterArn);
  }

  private find(arn: string): Operation {
    const operation = this.byArn.get(arn);
    if (!operation) throw notFound(`The cluster operation ${arn} doesn't exist.`);
    return operation;
  }

  private info({ arn, clusterArn, type, started, state, ended, problem }: Operation): Json {
    return {
      operationArn: arn,
      clusterArn,
      operationType: type,
      operationState: state,
      creationTime: started.toISOString(),
      ...(ended ? { endTime: ended.toISOString() } : {}),
      ...(problem ? { errorInfo: { errorCode: "BrokersFailed", errorString: problem } } : {}),
    };
  }

  private infoV2(operation: Operation): Json {
    const { creationTime, ...rest } = this.info(operation);
    return { ...rest, startTime: creationTime, clusterType: "PROVISIONED" };
  }
}
