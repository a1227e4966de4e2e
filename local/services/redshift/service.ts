import { randomUUID } from "node:crypto";
import { handlerOf } from "../../gateway/actions";
import { AwsError, type AwsRequest, type LocalAws, type SqlServer, type SqlTarget } from "../../gateway/types";
import { connectTo } from "../../redshift-common/connect";
import type { Warehouses } from "../../warehouse";
import { Clusters } from "./clusters";
import { ParameterGroups } from "./parameter-groups";
import { answer, Members, Parameters, type Xml } from "./query";
import { SubnetGroups } from "./subnet-groups";
import { Tags } from "./tags";

/** What the network lets through to a cluster, for those who must know before they connect. */
export interface ClusterFacts {
  readonly identifier: string;
  readonly publiclyAccessible: boolean;
  readonly enhancedVpcRouting: boolean;
  readonly vpcSecurityGroupIds: readonly string[];
}

export interface RedshiftService extends SqlServer {
  /** Facts of the cluster at this host; undefined when there is none. */
  facts(host: string): ClusterFacts | undefined;
}

type Handler = (parameters: Parameters) => Xml | undefined | Promise<Xml | undefined>;

/** Amazon Redshift's control plane for provisioned clusters, each with a warehouse behind it. */
export function createRedshift(aws: LocalAws, warehouses: Warehouses): RedshiftService {
  const arn = (kind: string, name: string) => `arn:aws:redshift:${aws.region}:${aws.accountId}:${kind}:${name}`;
  const tags = new Tags();
  const clusters: Clusters = new Clusters(aws, warehouses, tags, () => ({ parameters, subnets }));
  const parameters = new ParameterGroups(
    (name) => arn("parametergroup", name),
    tags,
    (name) => clusters.usesParameterGroup(name),
  );
  const subnets = new SubnetGroups(
    aws,
    (name) => arn("subnetgroup", name),
    tags,
    (name) => clusters.usesSubnetGroup(name),
  );
  const groupChanged =
    (change: (p: Parameters) => Xml): Handler =>
    (p) => {
      const changed = change(p);
      clusters.parameterGroupChanged(p.require("ParameterGroupName"));
      return changed;
    };
  const handlers: Readonly<Record<string, Handler>> = {
    CreateCluster: (p) => clusters.create(p),
    DescribeClusters: (p) => clusters.describe(p),
    ModifyCluster: (p) => clusters.modify(p),
    ModifyClusterIamRoles: (p) => clusters.modifyRoles(p),
    ModifyAquaConfiguration: (p) => clusters.modifyAqua(p),
    RebootCluster: (p) => clusters.reboot(p),
    DeleteCluster: (p) => clusters.delete(p),
    DescribeClusterSnapshots: (p) => clusters.describeSnapshots(p),
    DescribeSnapshotSchedules: () => ({ SnapshotSchedules: new Members("SnapshotSchedule", []) }),
    EnableLogging: (p) => clusters.enableLogging(p),
    DisableLogging: (p) => clusters.disableLogging(p),
    DescribeLoggingStatus: (p) => clusters.describeLogging(p),
    CreateClusterParameterGroup: (p) => parameters.create(p),
    DescribeClusterParameterGroups: (p) => parameters.describe(p),
    DescribeClusterParameters: (p) => parameters.describeParameters(p),
    ModifyClusterParameterGroup: groupChanged((p) => parameters.modify(p)),
    ResetClusterParameterGroup: groupChanged((p) => parameters.reset(p)),
    DeleteClusterParameterGroup: (p) => parameters.delete(p),
    CreateClusterSubnetGroup: (p) => subnets.create(p),
    DescribeClusterSubnetGroups: (p) => subnets.describe(p),
    ModifyClusterSubnetGroup: (p) => subnets.modify(p),
    DeleteClusterSubnetGroup: (p) => subnets.delete(p),
    CreateTags: (p) => void tags.add(p.require("ResourceName"), p.structures("Tags")),
    DeleteTags: (p) => void tags.remove(p.require("ResourceName"), p.list("TagKeys") ?? []),
    DescribeTags: (p) => tags.describe(p),
  };
  return {
    names: ["redshift"],
    handle: handlerOf(aws, {
      prefix: "redshift",
      handlers,
      actionOf: (request) => formOf(request).require("Action"),
      inputOf: formOf,
      resourceOf: (form) => resourceOf(form, arn),
      answer: (action, xml) => answer(action, randomUUID(), xml),
      unknown: (action) => new AwsError("InvalidAction", `The action ${action} is not carried by the local Redshift`),
    }),
    connect(to: SqlTarget) {
      const cluster = clusters.at(to.host);
      return connectTo(aws, cluster && { kind: "cluster", ...cluster, warehouse: warehouses.at(cluster.host) }, to);
    },
    facts(host) {
      const cluster = clusters.at(host);
      return (
        cluster && {
          identifier: cluster.identifier,
          publiclyAccessible: cluster.publiclyAccessible,
          enhancedVpcRouting: cluster.enhancedVpcRouting,
          vpcSecurityGroupIds: cluster.securityGroups,
        }
      );
    },
    close: () => warehouses.close(),
  };
}

/** The query protocol has its parameters in the body, or behind a GET's question mark. */
const formOf = ({ method, query, body }: AwsRequest) =>
  new Parameters(new URLSearchParams(method === "GET" ? query : body.toString("utf8")));

/** The ARN that a policy must name, by https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshift.html */
function resourceOf(form: Parameters, arn: (kind: string, name: string) => string): string {
  const named = (parameter: string, kind: string) => {
    const name = form.get(parameter);
    return name && arn(kind, name.toLowerCase());
  };
  return (
    form.get("ResourceName") ??
    named("ClusterIdentifier", "cluster") ??
    named("ParameterGroupName", "parametergroup") ??
    named("ClusterSubnetGroupName", "subnetgroup") ??
    arn("cluster", "*")
  );
}
