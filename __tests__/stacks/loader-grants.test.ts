import { Testing } from "cdktf";
import { parseSettings } from "../../settings";
import { S3LoaderStack } from "../../stacks/s3-loader";
import { grantsOf, type RoleGrants } from "../support/grants";
import { type EventStackName, synthesizedStack } from "../support/stacks";

/** Every role of the stacks with a loader, with all that it may do and who assumes it. A right that is added, widened or lost shows here, whichever construct it comes from. */

type Grants = Readonly<Record<string, RoleGrants>>;

const by = (service: string) => `sts:AssumeRole by Service ${service}.amazonaws.com`;
const TRACES = "xray:PutTraceSegments, xray:PutTelemetryRecords on *";
/** As Step Functions asks for them; log deliveries have no ARN. */
const LOG_DELIVERY =
  "logs:CreateLogDelivery, logs:GetLogDelivery, logs:UpdateLogDelivery, logs:DeleteLogDelivery, logs:ListLogDeliveries, logs:PutResourcePolicy, logs:DescribeResourcePolicies, logs:DescribeLogGroups on *";
const SUBMIT = "redshift-data:ExecuteStatement, redshift-data:BatchExecuteStatement on warehouse_cluster.arn";
/** Its own statements alone. */
const FOLLOW =
  "redshift-data:DescribeStatement, redshift-data:GetStatementResult, redshift-data:CancelStatement on * if redshift-data:statement-owner-iam-userid StringEquals &{aws:userid}";
const USE_KEY = "kms:Decrypt, kms:GenerateDataKey on key.arn";
const DECRYPT = "kms:Decrypt on key.arn";
const CONSUME = "sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes on ";
const READ_STREAM =
  "kinesis:DescribeStream, kinesis:DescribeStreamSummary, kinesis:GetRecords, kinesis:GetShardIterator, kinesis:ListShards on ";
const LIST_UPLOADS = "s3:GetBucketLocation, s3:ListBucket, s3:ListBucketMultipartUploads on ";
const UPLOAD = "s3:PutObject, s3:AbortMultipartUpload, s3:ListMultipartUploadParts on ";
const INTERFACES =
  "ec2:CreateNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:DeleteNetworkInterface, ec2:AssignPrivateIpAddresses, ec2:UnassignPrivateIpAddresses on *";

/** The loader may touch its bucket, ledger, queue and warehouse; the sweep none of the warehouse; the state machines their one function. */
const S3_LOADER: Grants = {
  loader_load_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:Query, dynamodb:PutItem on loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loader_load_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "redshift:GetClusterCredentialsWithIAM on arn:loader_load-sql-partition.partition:redshift:loader_load-sql-region.name:loader_load-sql-account.account_id:dbname:warehouse_cluster.cluster_identifier/kpis",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      `${CONSUME}loader_queue.arn`,
      TRACES,
    ],
  },
  loader_sweep_function_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:BatchGetItem on loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loader_sweep_function_logs.arn:*",
      "s3:ListBucketVersions on files_bucket.arn",
      "sqs:SendMessage on loader_queue.arn",
      TRACES,
    ],
  },
  loader_sweep_machine_role: {
    trusts: [by("states")],
    may: ["lambda:InvokeFunction on loader_sweep_function_live.arn", LOG_DELIVERY, TRACES],
  },
  "loader_sweep_schedule-role": {
    trusts: [by("scheduler")],
    may: [DECRYPT, "states:StartExecution on loader_sweep_machine.arn"],
  },
  migrations_function_role: {
    trusts: [by("lambda")],
    may: [
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on migrations_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "secretsmanager:GetSecretValue on warehouse_cluster.master_password_secret_arn",
      TRACES,
    ],
  },
  replay_function_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:BatchGetItem on loader_ledger_table.arn",
      "dynamodb:Query, dynamodb:PutItem on loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on replay_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "redshift:GetClusterCredentialsWithIAM on arn:loader_replay-sql-partition.partition:redshift:loader_replay-sql-region.name:loader_replay-sql-account.account_id:dbname:warehouse_cluster.cluster_identifier/kpis",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:ListBucketVersions on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      "s3:RestoreObject on files_bucket.arn/*",
      TRACES,
    ],
  },
  replay_machine_role: {
    trusts: [by("states")],
    may: ["lambda:InvokeFunction on replay_function_live.arn", LOG_DELIVERY, TRACES],
  },
  "warehouse_copy-role": {
    trusts: [by("redshift")],
    may: [
      DECRYPT,
      "s3:GetBucketLocation, s3:ListBucket on files_bucket.arn",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
    ],
  },
};

const BY_SECRET: Grants = {
  ...S3_LOADER,
  loader_load_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:Query, dynamodb:PutItem on loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loader_load_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      "secretsmanager:GetSecretValue on migrations_loader-secret.arn",
      `${CONSUME}loader_queue.arn`,
      TRACES,
    ],
  },
  migrations_function_role: {
    trusts: [by("lambda")],
    may: [
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on migrations_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "secretsmanager:GetSecretValue on warehouse_cluster.master_password_secret_arn",
      "secretsmanager:GetSecretValue, secretsmanager:PutSecretValue on migrations_loader-secret.arn",
      TRACES,
    ],
  },
  replay_function_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:BatchGetItem on loader_ledger_table.arn",
      "dynamodb:Query, dynamodb:PutItem on loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on replay_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:ListBucketVersions on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      "s3:RestoreObject on files_bucket.arn/*",
      "secretsmanager:GetSecretValue on migrations_loader-secret.arn",
      TRACES,
    ],
  },
};

const BY_PARAMETER: Grants = {
  ...S3_LOADER,
  loader_load_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:Query, dynamodb:PutItem on loader_ledger_table.arn",
      `${INTERFACES} and {"sid":"LambdaMakesInterfaces"}`,
      `${INTERFACES} if lambda:SourceFunctionArn ArnEquals arn:loader_load_vpc-access_partition.partition:lambda:loader_load_vpc-access_region.name:loader_load_vpc-access_account.account_id:function:redstream-load-objects-suffix.hex and {"effect":"Deny","sid":"CodeOfTheFunctionDoesNot"}`,
      DECRYPT,
      "kms:Decrypt on key.arn if kms:EncryptionContext:PARAMETER_ARN StringEquals migrations_loader-parameter.arn",
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loader_load_logs.arn:*",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      `${CONSUME}loader_queue.arn`,
      "ssm:GetParameter on migrations_loader-parameter.arn",
      TRACES,
    ],
  },
  migrations_function_role: {
    trusts: [by("lambda")],
    may: [
      USE_KEY,
      "kms:Encrypt on key.arn if kms:EncryptionContext:PARAMETER_ARN StringEquals migrations_loader-parameter.arn",
      "logs:CreateLogStream, logs:PutLogEvents on migrations_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "secretsmanager:GetSecretValue on warehouse_cluster.master_password_secret_arn",
      "ssm:GetParameter, ssm:PutParameter on migrations_loader-parameter.arn",
      TRACES,
    ],
  },
  replay_function_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:BatchGetItem on loader_ledger_table.arn",
      "dynamodb:Query, dynamodb:PutItem on loader_ledger_table.arn",
      `${INTERFACES} and {"sid":"LambdaMakesInterfaces"}`,
      `${INTERFACES} if lambda:SourceFunctionArn ArnEquals arn:replay_function_vpc-access_partition.partition:lambda:replay_function_vpc-access_region.name:replay_function_vpc-access_account.account_id:function:redstream-load-replay-suffix.hex and {"effect":"Deny","sid":"CodeOfTheFunctionDoesNot"}`,
      DECRYPT,
      "kms:Decrypt on key.arn if kms:EncryptionContext:PARAMETER_ARN StringEquals migrations_loader-parameter.arn",
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on replay_function_logs.arn:*",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:ListBucketVersions on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      "s3:RestoreObject on files_bucket.arn/*",
      "ssm:GetParameter on migrations_loader-parameter.arn",
      TRACES,
    ],
  },
};

const MONITOR_BY_FIREHOSE: Grants = {
  "user-delivery_role": {
    trusts: [by("firehose")],
    may: [
      `${READ_STREAM}user-stream.arn`,
      "kms:Decrypt on <event-warehouse: aws_kms_keykey_F64E54E4arn>",
      DECRYPT,
      USE_KEY,
      "logs:PutLogEvents on user-delivery_logs.arn:log-stream:user-delivery_log-stream.name",
      "s3:GetBucketLocation, s3:ListBucket on files_bucket.arn",
      `${LIST_UPLOADS}files_bucket.arn`,
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      `${UPLOAD}files_bucket.arn/*`,
      "secretsmanager:GetSecretValue on <event-warehouse: aws_secretsmanager_secretmigrations_loader-secret_8EDA8198arn>",
    ],
  },
  "utm-delivery_role": {
    trusts: [by("firehose")],
    may: [
      `${READ_STREAM}utm-stream.arn`,
      "kms:Decrypt on <event-warehouse: aws_kms_keykey_F64E54E4arn>",
      DECRYPT,
      USE_KEY,
      "logs:PutLogEvents on utm-delivery_logs.arn:log-stream:utm-delivery_log-stream.name",
      "s3:GetBucketLocation, s3:ListBucket on files_bucket.arn",
      `${LIST_UPLOADS}files_bucket.arn`,
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      `${UPLOAD}files_bucket.arn/*`,
      "secretsmanager:GetSecretValue on <event-warehouse: aws_secretsmanager_secretmigrations_loader-secret_8EDA8198arn>",
    ],
  },
};

const WAREHOUSE_BY_FIREHOSE: Grants = {
  migrations_function_role: {
    trusts: [by("lambda")],
    may: [
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on migrations_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "secretsmanager:GetSecretValue on warehouse_cluster.master_password_secret_arn",
      "secretsmanager:GetSecretValue, secretsmanager:PutSecretValue on migrations_loader-secret.arn",
      TRACES,
    ],
  },
  "warehouse_copy-role": {
    trusts: [by("redshift")],
    may: [
      "kms:Decrypt on arn:files_partition.partition:kms:us-east-1:event_account_id:key/* if kms:ViaService StringEquals s3.us-east-1.amazonaws.com and kms:EncryptionContext:aws:s3:arn StringLike arn:files_partition.partition:s3:::redstream-events-files-suffix.hex | arn:files_partition.partition:s3:::redstream-events-files-suffix.hex/*",
      "s3:GetBucketLocation, s3:ListBucket on arn:files_partition.partition:s3:::redstream-events-files-suffix.hex",
      "s3:GetObject, s3:GetObjectVersion on arn:files_partition.partition:s3:::redstream-events-files-suffix.hex/*",
    ],
  },
};

const MONITOR_BY_LOADER: Grants = {
  lake_reader_role: {
    trusts: [
      "sts:AssumeRole by AWS arn:lake_reader_role-partition.partition:iam::<event-warehouse: dataaws_caller_identityaccountaccount_id>:root if aws:PrincipalArn ArnEquals <event-warehouse: aws_iam_rolewarehouse_copy-role_9A014321arn>",
    ],
    may: [
      'glue:GetDatabase, glue:GetTable, glue:GetTables, glue:GetPartitions on ${replace(aws_glue_catalog_database.lake_database_897CB6DE.arn, "database/lake_database.name", "catalog")}, lake_database.arn, lake_user-table.arn, lake_utm-table.arn',
      DECRYPT,
      "s3:GetBucketLocation, s3:ListBucket on lake_files_bucket.arn",
      "s3:GetObject, s3:GetObjectVersion on lake_files_bucket.arn/*",
    ],
  },
  "lake_user-delivery_role": {
    trusts: [by("firehose")],
    may: [
      'glue:GetTable, glue:GetTableVersion, glue:GetTableVersions on ${replace(aws_glue_catalog_database.lake_database_897CB6DE.arn, "database/lake_database.name", "catalog")}, lake_database.arn, lake_user-table.arn',
      `${READ_STREAM}user-stream.arn`,
      DECRYPT,
      USE_KEY,
      "logs:PutLogEvents on lake_user-delivery_logs.arn:log-stream:lake_user-delivery_log-stream.name",
      `${LIST_UPLOADS}lake_files_bucket.arn`,
      `${UPLOAD}lake_files_bucket.arn/*`,
    ],
  },
  "lake_utm-delivery_role": {
    trusts: [by("firehose")],
    may: [
      'glue:GetTable, glue:GetTableVersion, glue:GetTableVersions on ${replace(aws_glue_catalog_database.lake_database_897CB6DE.arn, "database/lake_database.name", "catalog")}, lake_database.arn, lake_utm-table.arn',
      `${READ_STREAM}utm-stream.arn`,
      DECRYPT,
      USE_KEY,
      "logs:PutLogEvents on lake_utm-delivery_logs.arn:log-stream:lake_utm-delivery_log-stream.name",
      `${LIST_UPLOADS}lake_files_bucket.arn`,
      `${UPLOAD}lake_files_bucket.arn/*`,
    ],
  },
  loads_loader_load_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:Query, dynamodb:PutItem on loads_loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loads_loader_load_logs.arn:*",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      `${CONSUME}loads_loader_queue.arn`,
      "sts:AssumeRole on <event-warehouse: aws_iam_roleaccess_role_545049ABarn>",
      TRACES,
    ],
  },
  loads_loader_sweep_function_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:BatchGetItem on loads_loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loads_loader_sweep_function_logs.arn:*",
      "s3:ListBucketVersions on files_bucket.arn",
      "sqs:SendMessage on loads_loader_queue.arn",
      TRACES,
    ],
  },
  loads_loader_sweep_machine_role: {
    trusts: [by("states")],
    may: ["lambda:InvokeFunction on loads_loader_sweep_function_live.arn", LOG_DELIVERY, TRACES],
  },
  "loads_loader_sweep_schedule-role": {
    trusts: [by("scheduler")],
    may: [DECRYPT, "states:StartExecution on loads_loader_sweep_machine.arn"],
  },
  loads_replay_function_role: {
    trusts: [by("lambda")],
    may: [
      "dynamodb:BatchGetItem on loads_loader_ledger_table.arn",
      "dynamodb:Query, dynamodb:PutItem on loads_loader_ledger_table.arn",
      DECRYPT,
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on loads_replay_function_logs.arn:*",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
      "s3:ListBucket on files_bucket.arn",
      "s3:ListBucketVersions on files_bucket.arn",
      "s3:PutObject on files_bucket.arn/.redstream/manifests/*",
      "s3:RestoreObject on files_bucket.arn/*",
      "sts:AssumeRole on <event-warehouse: aws_iam_roleaccess_role_545049ABarn>",
      TRACES,
    ],
  },
  loads_replay_machine_role: {
    trusts: [by("states")],
    may: ["lambda:InvokeFunction on loads_replay_function_live.arn", LOG_DELIVERY, TRACES],
  },
  reader_role: {
    trusts: [
      "sts:AssumeRole by AWS arn:reader_role-partition.partition:iam::<event-warehouse: dataaws_caller_identityaccountaccount_id>:root if aws:PrincipalArn ArnEquals <event-warehouse: aws_iam_rolewarehouse_copy-role_9A014321arn> and sts:ExternalId StringEqualsIgnoreCase arn:<event-warehouse: dataaws_partitionpartitionpartition>:redshift:us-east-1:<event-warehouse: dataaws_caller_identityaccountaccount_id>:dbuser:<event-warehouse: aws_redshift_clusterwarehouse_cluster_CE7290EFcluster_identifier>/IAMR:<event-warehouse: aws_iam_roleaccess_role_545049ABname>",
    ],
    may: [
      DECRYPT,
      "s3:GetBucketLocation, s3:ListBucket on files_bucket.arn",
      "s3:GetObject, s3:GetObjectVersion on files_bucket.arn/*",
    ],
  },
  "user-delivery_role": {
    trusts: [by("firehose")],
    may: [
      `${READ_STREAM}user-stream.arn`,
      DECRYPT,
      USE_KEY,
      "logs:PutLogEvents on user-delivery_logs.arn:log-stream:user-delivery_log-stream.name",
      `${LIST_UPLOADS}files_bucket.arn`,
      `${UPLOAD}files_bucket.arn/*`,
    ],
  },
  "utm-delivery_role": {
    trusts: [by("firehose")],
    may: [
      `${READ_STREAM}utm-stream.arn`,
      DECRYPT,
      USE_KEY,
      "logs:PutLogEvents on utm-delivery_logs.arn:log-stream:utm-delivery_log-stream.name",
      `${LIST_UPLOADS}files_bucket.arn`,
      `${UPLOAD}files_bucket.arn/*`,
    ],
  },
};

const WAREHOUSE_BY_LOADER: Grants = {
  access_role: {
    trusts: [
      "sts:AssumeRole by AWS arn:access_role-partition.partition:iam::event_account_id:root if aws:PrincipalArn ArnEquals arn:partition.partition:iam::event_account_id:role/redstream-events-load-function-suffix.hex | arn:partition.partition:iam::event_account_id:role/redstream-events-replay-function-suffix.hex and sts:ExternalId StringEquals redstream-events-loader-suffix.hex",
    ],
    may: [
      FOLLOW,
      SUBMIT,
      "redshift:GetClusterCredentialsWithIAM on arn:access_sql-partition.partition:redshift:access_sql-region.name:access_sql-account.account_id:dbname:warehouse_cluster.cluster_identifier/tracking",
    ],
  },
  "lake-migrations_function_role": {
    trusts: [by("lambda")],
    may: [
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on lake-migrations_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "secretsmanager:GetSecretValue on warehouse_cluster.master_password_secret_arn",
      TRACES,
    ],
  },
  migrations_function_role: {
    trusts: [by("lambda")],
    may: [
      USE_KEY,
      "logs:CreateLogStream, logs:PutLogEvents on migrations_function_logs.arn:*",
      FOLLOW,
      SUBMIT,
      "secretsmanager:GetSecretValue on warehouse_cluster.master_password_secret_arn",
      TRACES,
    ],
  },
  "warehouse_copy-role": {
    trusts: [by("redshift")],
    may: [
      "kms:Decrypt on arn:files_partition.partition:kms:us-east-1:event_account_id:key/* if kms:ViaService StringEquals s3.us-east-1.amazonaws.com and kms:EncryptionContext:aws:s3:arn StringLike arn:files_partition.partition:s3:::redstream-events-files-suffix.hex | arn:files_partition.partition:s3:::redstream-events-files-suffix.hex/*",
      "s3:GetBucketLocation, s3:ListBucket on arn:files_partition.partition:s3:::redstream-events-files-suffix.hex",
      "s3:GetObject, s3:GetObjectVersion on arn:files_partition.partition:s3:::redstream-events-files-suffix.hex/*",
      "sts:AssumeRole on arn:partition.partition:iam::event_account_id:role/redstream-events-files-suffix.hex",
      "sts:AssumeRole on arn:partition.partition:iam::event_account_id:role/redstream-events-lake-suffix.hex",
    ],
  },
};

const s3Loader = (auth: string) => {
  const stack = new S3LoaderStack(Testing.app(), "s3-loader", parseSettings({ loader: { auth } }, "test"));
  return grantsOf(JSON.parse(Testing.synth(stack, true)));
};

it.each<[string, Grants]>([
  ["iam", S3_LOADER],
  ["secret", BY_SECRET],
  ["ssm", BY_PARAMETER],
])("every role of s3-loader with auth %s may do this and no more", (auth, grants) => {
  expect(s3Loader(auth)).toEqual(grants);
});

it.each<[EventStackName, object, Grants]>([
  ["event-monitor", {}, MONITOR_BY_FIREHOSE],
  ["event-warehouse", {}, WAREHOUSE_BY_FIREHOSE],
  ["event-monitor", { delivery: "loader", lakeFormat: "parquet" }, MONITOR_BY_LOADER],
  ["event-warehouse", { delivery: "loader", lakeFormat: "parquet" }, WAREHOUSE_BY_LOADER],
])("every role of %s with %j may do this and no more", (stack, events, grants) => {
  expect(grantsOf(synthesizedStack(stack, { events }))).toEqual(grants);
});
