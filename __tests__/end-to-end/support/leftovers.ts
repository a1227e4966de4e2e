import { APIGatewayClient, GetRestApisCommand } from "@aws-sdk/client-api-gateway";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeSecurityGroupsCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { KinesisAnalyticsV2Client, ListApplicationsCommand } from "@aws-sdk/client-kinesis-analytics-v2";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Applied } from "./applied";
import type { AwsCommand } from "./aws-command";

/** Everything by name that the local AWS holds of what a stack creates, and that a person would have to clean up or to pay for. */
export async function leftovers(
  { gateway }: Pick<Applied, "gateway">,
  aws: AwsCommand,
): Promise<Readonly<Record<string, readonly (string | undefined)[]>>> {
  const config = gateway.aws.internal;
  const ec2 = new EC2Client(config);
  const clusters = await aws<{ Clusters: { ClusterIdentifier: string }[] }>("redshift", "describe-clusters");
  const logs = await aws<{ logGroups: { logGroupName: string }[] }>("logs", "describe-log-groups");
  const keys = await aws<{ Keys: { KeyId: string }[] }>("kms", "list-keys");
  const states = await Promise.all(
    keys.Keys.map(({ KeyId }) => aws<{ KeyMetadata: { KeyState: string } }>("kms", "describe-key", "--key-id", KeyId)),
  );
  const catalogs = await aws<{ DatabaseList: { Name: string }[] }>("glue", "get-databases");
  const workgroups = await aws<{ WorkGroups: { Name: string }[] }>("athena", "list-work-groups");
  const queues = await new SQSClient(config).send(new ListQueuesCommand());
  const tables = await new DynamoDBClient(config).send(new ListTablesCommand());
  const machines = await new SFNClient(config).send(new ListStateMachinesCommand());
  const schedules = await aws<{ Schedules: { Name: string }[] }>("scheduler", "list-schedules");
  const rules = await aws<{ Rules: { Name: string }[] }>("events", "list-rules");
  return {
    queues: queues.QueueUrls ?? [],
    tables: tables.TableNames ?? [],
    stateMachines: (machines.stateMachines ?? []).map(({ name }) => name),
    schedules: schedules.Schedules.map(({ Name }) => Name),
    rules: rules.Rules.map(({ Name }) => Name),
    catalogs: catalogs.DatabaseList.map(({ Name }) => Name),
    // Every account has this one.
    workgroups: workgroups.WorkGroups.map(({ Name }) => Name).filter((name) => name !== "primary"),
    buckets: ((await new S3Client(config).send(new ListBucketsCommand())).Buckets ?? []).map(({ Name }) => Name),
    streams: (await new KinesisClient(config).send(new ListStreamsCommand())).StreamNames ?? [],
    deliveryStreams:
      (await new FirehoseClient(config).send(new ListDeliveryStreamsCommand())).DeliveryStreamNames ?? [],
    functions: ((await new LambdaClient(config).send(new ListFunctionsCommand())).Functions ?? []).map(
      ({ FunctionName }) => FunctionName,
    ),
    applications: (
      (await new KinesisAnalyticsV2Client(config).send(new ListApplicationsCommand())).ApplicationSummaries ?? []
    ).map(({ ApplicationName }) => ApplicationName),
    apis: ((await new APIGatewayClient(config).send(new GetRestApisCommand())).items ?? []).map(({ name }) => name),
    roles: ((await new IAMClient(config).send(new ListRolesCommand())).Roles ?? []).map(({ RoleName }) => RoleName),
    secrets: ((await new SecretsManagerClient(config).send(new ListSecretsCommand())).SecretList ?? []).map(
      ({ Name }) => Name,
    ),
    clusters: clusters.Clusters.map(({ ClusterIdentifier }) => ClusterIdentifier),
    logGroups: logs.logGroups.map(({ logGroupName }) => logGroupName),
    // A key is never gone at once: it waits for its deletion.
    keys: states.map(({ KeyMetadata }) => KeyMetadata.KeyState).filter((state) => state !== "PendingDeletion"),
    // Every account has a default VPC with its group.
    networks: ((await ec2.send(new DescribeVpcsCommand())).Vpcs ?? [])
      .filter(({ IsDefault }) => !IsDefault)
      .map(({ VpcId }) => VpcId),
    securityGroups: ((await ec2.send(new DescribeSecurityGroupsCommand())).SecurityGroups ?? [])
      .filter(({ GroupName }) => GroupName !== "default")
      .map(({ GroupName }) => GroupName),
  };
}

export const NOTHING = {
  queues: [],
  tables: [],
  stateMachines: [],
  schedules: [],
  rules: [],
  catalogs: [],
  workgroups: [],
  buckets: [],
  streams: [],
  deliveryStreams: [],
  functions: [],
  applications: [],
  apis: [],
  roles: [],
  secrets: [],
  clusters: [],
  logGroups: [],
  keys: [],
  networks: [],
  securityGroups: [],
};
