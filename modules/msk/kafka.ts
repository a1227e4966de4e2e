import type { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { Fn, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { admit } from "../support/admit";
import { checkMatch } from "../support/check";
import { allow } from "../support/iam";
import { idOf } from "../support/name";

/** Of IAM authentication inside of AWS: https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html */
const PORT = 9098;

/** Who connects: a function, a warehouse, a VPN's host. */
export interface KafkaCaller {
  /** Says on the rules who it is; unique among the callers of one cluster. */
  readonly id: string;
  readonly securityGroupId: string;
}

export interface Replicas {
  readonly least: number;
  readonly most: number;
}

/**
 * What provisioned, serverless and looked-up clusters have alike: an address, a door, and rights on their topics.
 *
 * What opens a way or gives a right answers it, for what must wait until it is there.
 *
 * IAM's actions on a cluster: https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
 */
export abstract class Kafka extends Construct {
  /** `arn:...:cluster/NAME/UUID`. */
  abstract readonly arn: string;

  /** `HOST:9098,...`, for clients that authenticate by IAM. */
  abstract readonly bootstrapBrokers: string;

  /** Group of the brokers. Nobody is let in by it alone: `admit`. */
  abstract readonly securityGroupId: string;

  /** Copies that a topic's messages may have: fewer are never acknowledged, more have no broker to lie on. Undefined of a cluster that is only looked up. */
  abstract readonly replicas: Replicas | undefined;

  /** Lets a caller connect to the brokers, by a rule out of its group and a rule into theirs. IAM's rights are granted beside it. */
  admit({ id, securityGroupId }: KafkaCaller): readonly ITerraformDependable[] {
    return admit(this, `from-${id}`, {
      from: securityGroupId,
      to: this.securityGroupId,
      port: PORT,
      what: `Kafka of ${id}`,
    });
  }

  /** Lets `grantee` write to one topic, idempotently, and no more. */
  grantProduce(grantee: IamRole, topic: string): ITerraformDependable {
    return allow(
      this,
      `produce-${idOf(grantee)}-${topic}`,
      grantee,
      { actions: ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], on: [this.arn] },
      { actions: ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], on: [this.topicArn(topic)] },
    );
  }

  /**
   * Lets `grantee` read one topic in one consumer group, and no more. Redshift names its groups itself: `*` is for it.
   *
   * https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-streaming-ingestion-getting-started-MSK.html
   */
  grantConsume(grantee: IamRole, topic: string, group: string): ITerraformDependable {
    return allow(
      this,
      `consume-${idOf(grantee)}-${topic}`,
      grantee,
      { actions: ["kafka-cluster:Connect"], on: [this.arn] },
      { actions: ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], on: [this.topicArn(topic)] },
      { actions: ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], on: [this.groupArn(group)] },
    );
  }

  /** Lets `grantee` create one topic, read its settings and raise its partitions or retention, and neither read, write nor delete it. */
  grantManageTopic(grantee: IamRole, topic: string): ITerraformDependable {
    return allow(
      this,
      `manage-${idOf(grantee)}-${topic}`,
      grantee,
      { actions: ["kafka-cluster:Connect"], on: [this.arn] },
      {
        actions: [
          "kafka-cluster:CreateTopic",
          "kafka-cluster:DescribeTopic",
          "kafka-cluster:AlterTopic",
          "kafka-cluster:DescribeTopicDynamicConfiguration",
          "kafka-cluster:AlterTopicDynamicConfiguration",
        ],
        on: [this.topicArn(topic)],
      },
    );
  }

  /** Lets `grantee` ask where the brokers are, as the CLUSTER_ARN form of an external schema does. */
  grantFindBrokers(grantee: IamRole): ITerraformDependable {
    return allow(this, `find-${idOf(grantee)}`, grantee, { actions: ["kafka:GetBootstrapBrokers"], on: [this.arn] });
  }

  /** `arn:...:topic/NAME/UUID/TOPIC`. */
  topicArn(topic: string): string {
    checkMatch(this, "topic", topic, /^[a-zA-Z0-9._-]{1,249}$/, "1 to 249 letters, digits, ., _ and -");
    return `${Fn.replace(this.arn, ":cluster/", ":topic/")}/${topic}`;
  }

  private groupArn(group: string): string {
    checkMatch(this, "group", group, /^(\*|[a-zA-Z0-9._-]{1,249})$/, "1 to 249 letters, digits, ., _ and -, or *");
    return `${Fn.replace(this.arn, ":cluster/", ":group/")}/${group}`;
  }
}
