import type { Construct } from "constructs";
import { Kafka } from "./kafka";

export interface MskReferenceProps {
  /** `arn:...:cluster/NAME/UUID`. */
  readonly arn: string;
  /** `HOST:9098,...`. */
  readonly bootstrapBrokers: string;
  /** Group of the brokers. */
  readonly securityGroupId: string;
}

/**
 * A cluster that another stack has made, to be admitted to and granted rights on from here. What it makes (rules, policies) belongs to this stack and goes with it.
 *
 * @example
 * const kafka = new MskReference(this, "kafka", { arn: infra.clusterArn, bootstrapBrokers: infra.brokers, securityGroupId: infra.group });
 */
export class MskReference extends Kafka {
  readonly arn: string;
  readonly bootstrapBrokers: string;
  readonly securityGroupId: string;
  readonly replicas = undefined;

  constructor(scope: Construct, id: string, props: MskReferenceProps) {
    super(scope, id);
    this.arn = props.arn;
    this.bootstrapBrokers = props.bootstrapBrokers;
    this.securityGroupId = props.securityGroupId;
  }
}
