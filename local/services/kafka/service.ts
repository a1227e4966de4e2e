import { AwsError, type AwsRequest, type AwsResponse, type LocalAws, type Service } from "../../gateway/types";
import type { Brokers } from "./brokers";
import { Clusters } from "./clusters";
import { Configurations } from "./configurations";
import { Input } from "./json";
import { Operations } from "./operations";
import { findRoute, type Route } from "./routes";
import { Tags } from "./tags";

/** Amazon MSK's control plane (REST): clusters, configurations, operations and tags. What serves Kafka is behind `brokers`. */
export function createKafka(aws: LocalAws, brokers: Brokers): Service {
  const tags = new Tags();
  const operations = new Operations(aws);
  const configurations: Configurations = new Configurations(aws, (arn) => clusters.uses(arn));
  const clusters = new Clusters(aws, brokers, configurations, operations, tags);
  const routes = routesOf(clusters, configurations, operations, tags);
  return {
    names: ["kafka"],
    async handle(request: AwsRequest): Promise<AwsResponse> {
      const found = findRoute(routes, request.method, request.path);
      if (!found) {
        throw new AwsError(
          "NotFoundException",
          `${request.method} ${request.path} is not carried by the local MSK`,
          404,
        );
      }
      const { route, of } = found;
      // An operation has no ARN of its own in IAM: it is the cluster's that counts.
      const resource = operations.clusterOf(of[0] ?? "") ?? of[0] ?? "*";
      await aws.authorize(request.caller, `kafka:${route.action}`, resource);
      const input = Input.of(request.body.toString("utf8"));
      const answer = await route.handle({ of, query: request.query, input });
      return {
        status: 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(answer),
      };
    },
    close: () => brokers.close(),
  };
}

/** https://docs.aws.amazon.com/msk/1.0/apireference/resources.html and, for /api/v2, https://docs.aws.amazon.com/MSK/2.0/APIReference/resources.html */
function routesOf(
  clusters: Clusters,
  configurations: Configurations,
  operations: Operations,
  tags: Tags,
): readonly Route[] {
  const route = (method: string, path: string, action: string, handle: Route["handle"]): Route => ({
    method,
    path,
    action,
    handle,
  });
  const update = (part: string, action: string, change: (arn: string, input: Input) => object, method = "PUT"): Route =>
    route(
      method,
      `/v1/clusters/*/${part}`,
      action,
      ({ of, input }) => change(of[0]!, input) as Record<string, unknown>,
    );
  return [
    route("POST", "/v1/clusters", "CreateCluster", ({ input }) => clusters.createV1(input)),
    route("GET", "/v1/clusters", "ListClusters", ({ query }) => clusters.listV1(query)),
    route("GET", "/v1/clusters/*", "DescribeCluster", ({ of }) => clusters.describeV1(of[0]!)),
    route("DELETE", "/v1/clusters/*", "DeleteCluster", ({ of }) => clusters.delete(of[0]!)),
    route("POST", "/api/v2/clusters", "CreateClusterV2", ({ input }) => clusters.createV2(input)),
    route("GET", "/api/v2/clusters", "ListClustersV2", ({ query }) => clusters.listV2(query)),
    route("GET", "/api/v2/clusters/*", "DescribeClusterV2", ({ of }) => clusters.describeV2(of[0]!)),
    route("GET", "/v1/clusters/*/bootstrap-brokers", "GetBootstrapBrokers", ({ of }) =>
      clusters.bootstrapBrokers(of[0]!),
    ),
    route("GET", "/v1/clusters/*/nodes", "ListNodes", ({ of }) => clusters.nodes(of[0]!)),
    route("GET", "/v1/clusters/*/scram-secrets", "ListScramSecrets", ({ of }) => clusters.scramSecrets(of[0]!)),
    update("nodes/count", "UpdateBrokerCount", (arn, input) => clusters.updateCount(arn, input)),
    update("nodes/type", "UpdateBrokerType", (arn, input) => clusters.updateType(arn, input)),
    update("nodes/storage", "UpdateBrokerStorage", (arn, input) => clusters.updateStorage(arn, input)),
    update("monitoring", "UpdateMonitoring", (arn, input) => clusters.updateMonitoring(arn, input)),
    update("configuration", "UpdateClusterConfiguration", (arn, input) => clusters.updateConfiguration(arn, input)),
    update("version", "UpdateClusterKafkaVersion", (arn, input) => clusters.updateVersion(arn, input)),
    update("connectivity", "UpdateConnectivity", (arn, input) => clusters.updateConnectivity(arn, input)),
    update("security", "UpdateSecurity", (arn, input) => clusters.updateSecurity(arn, input), "PATCH"),
    route("GET", "/v1/clusters/*/operations", "ListClusterOperations", ({ of }) => operations.list(of[0]!)),
    route("GET", "/api/v2/clusters/*/operations", "ListClusterOperationsV2", ({ of }) => operations.listV2(of[0]!)),
    route("GET", "/v1/operations/*", "DescribeClusterOperation", ({ of }) => operations.describe(of[0]!)),
    route("GET", "/api/v2/operations/*", "DescribeClusterOperationV2", ({ of }) => operations.describeV2(of[0]!)),
    route("POST", "/v1/configurations", "CreateConfiguration", ({ input }) => configurations.create(input)),
    route("GET", "/v1/configurations", "ListConfigurations", () => configurations.list()),
    route("GET", "/v1/configurations/*", "DescribeConfiguration", ({ of }) => configurations.describe(of[0]!)),
    route("PUT", "/v1/configurations/*", "UpdateConfiguration", ({ of, input }) =>
      configurations.update(of[0]!, input),
    ),
    route("DELETE", "/v1/configurations/*", "DeleteConfiguration", ({ of }) => configurations.delete(of[0]!)),
    route("GET", "/v1/configurations/*/revisions", "ListConfigurationRevisions", ({ of }) =>
      configurations.revisions(of[0]!),
    ),
    route("GET", "/v1/configurations/*/revisions/*", "DescribeConfigurationRevision", ({ of }) =>
      configurations.describeRevision(of[0]!, of[1]!),
    ),
    route("GET", "/v1/tags/*", "ListTagsForResource", ({ of }) => ({ tags: tags.of(of[0]!) })),
    route("POST", "/v1/tags/*", "TagResource", ({ of, input }) => {
      tags.add(of[0]!, input.tags());
      return {};
    }),
    route("DELETE", "/v1/tags/*", "UntagResource", ({ of, query }) => {
      tags.remove(of[0]!, query.getAll("tagKeys"));
      return {};
    }),
  ];
}
