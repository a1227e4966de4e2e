import { SetupError } from "./setup/problem";

const NETWORK = "nothing is routed, filtered or resolved: every service of the local AWS is one address on loopback";
const NO_TLS = "the local endpoint is plain HTTP on loopback";

const NO_HOSTS = "no virtual machine is started here: what a VPN would reach is on this machine already";
const GROWTH = "the brokers share this machine's disk, and nothing here measures how full a volume is";

/**
 * Resource types that Terraform applies to the local AWS like any other (they are kept, read back and destroyed) and that change
 * nothing there. Each with the reason, as a person who wonders would ask.
 */
export const INERT: Readonly<Record<string, string>> = {
  aws_vpc: NETWORK,
  aws_subnet: NETWORK,
  aws_internet_gateway: NETWORK,
  aws_nat_gateway: NETWORK,
  aws_eip: NETWORK,
  aws_route: NETWORK,
  aws_route_table: NETWORK,
  aws_route_table_association: NETWORK,
  aws_main_route_table_association: NETWORK,
  aws_security_group: NETWORK,
  aws_default_security_group: NETWORK,
  aws_vpc_security_group_ingress_rule: NETWORK,
  aws_vpc_security_group_egress_rule: NETWORK,
  aws_vpc_endpoint: NETWORK,
  aws_flow_log: NETWORK,
  aws_launch_template: NO_HOSTS,
  aws_autoscaling_group: NO_HOSTS,
  aws_iam_instance_profile: NO_HOSTS,
  aws_redshift_subnet_group: NETWORK,
  aws_appautoscaling_target: GROWTH,
  aws_appautoscaling_policy: GROWTH,

  aws_kms_key: "objects, streams and secrets are kept as they are: what is encrypted with the key on AWS is plain here",
  aws_kms_alias: "an alias of a key that encrypts nothing here",
  aws_s3_bucket_server_side_encryption_configuration: "objects are kept as they are, so that a person can read them",
  aws_s3_bucket_lifecycle_configuration: "a run is over long before an object would expire",
  aws_s3_bucket_ownership_controls: "every object of the local AWS belongs to its one account",
  aws_s3_bucket_public_access_block: "nothing here can be reached from outside of this machine",
  aws_s3_bucket_logging: "nobody but the run reads its buckets, and what it does stands in its own log",

  aws_kinesis_analytics_application:
    "AWS creates no SQL application any more; here it is kept and runs nothing, so with engine sql nothing is selected",
  aws_redshift_parameter_group: `${NO_TLS}, and the warehouse has no parameters to set`,
  aws_redshiftserverless_usage_limit: "queries are not metered here, so no limit is ever reached",
  aws_redshift_logging: "the warehouse runs inside of the local AWS and writes no audit log",
  aws_api_gateway_account: "names the role for the logs of API Gateway, which writes them to files of the run here",
  aws_cloudwatch_metric_alarm: "the local AWS counts for the run's summary and publishes no metrics",
  aws_cloudwatch_log_metric_filter: "the local AWS counts for the run's summary and publishes no metrics",
  aws_cloudwatch_dashboard: "there is no console to show it in",
  aws_sns_topic: "nothing here publishes to it",
  aws_sns_topic_policy: "nothing here publishes to the topic",
  aws_sns_topic_subscription: "nothing here publishes to the topic, and a local run writes to nobody",
};

/** Resource types and data sources (`data.` before the name) that do what they do on AWS, as far as the READMEs in `local/` say. */
export const CARRIED: ReadonlySet<string> = new Set([
  // By the emulator.
  "aws_s3_bucket",
  "aws_s3_bucket_policy",
  "aws_s3_bucket_versioning",
  "aws_s3_bucket_notification",
  "aws_s3_object",
  "aws_iam_role",
  "aws_iam_role_policy",
  "aws_iam_role_policy_attachment",
  "aws_iam_policy",
  "aws_kinesis_stream",
  "aws_glue_catalog_database",
  "aws_glue_catalog_table",
  "aws_lambda_function",
  "aws_lambda_alias",
  "aws_lambda_permission",
  "aws_lambda_invocation",
  "aws_lambda_function_event_invoke_config",
  "aws_cloudwatch_event_rule",
  "aws_cloudwatch_event_target",
  "aws_dynamodb_table",
  "aws_lambda_event_source_mapping",
  "aws_scheduler_schedule",
  "aws_sfn_state_machine",
  "aws_sqs_queue",
  "aws_sqs_queue_policy",
  "aws_sqs_queue_redrive_allow_policy",
  "aws_cloudwatch_log_group",
  "aws_cloudwatch_log_stream",
  "aws_cognito_user_pool",
  "aws_cognito_user_pool_client",
  "aws_cognito_user_pool_domain",
  "aws_cognito_resource_server",
  "aws_secretsmanager_secret",
  "aws_secretsmanager_secret_policy",
  "aws_secretsmanager_secret_version",
  "aws_ssm_parameter",
  // By the services in local/services.
  "aws_api_gateway_rest_api",
  "aws_api_gateway_rest_api_policy",
  "aws_api_gateway_resource",
  "aws_api_gateway_method",
  "aws_api_gateway_method_response",
  "aws_api_gateway_method_settings",
  "aws_api_gateway_integration",
  "aws_api_gateway_integration_response",
  "aws_api_gateway_gateway_response",
  "aws_api_gateway_model",
  "aws_api_gateway_request_validator",
  "aws_api_gateway_deployment",
  "aws_api_gateway_stage",
  "aws_api_gateway_api_key",
  "aws_api_gateway_usage_plan",
  "aws_api_gateway_usage_plan_key",
  "aws_api_gateway_authorizer",
  "aws_kinesis_firehose_delivery_stream",
  "aws_kinesisanalyticsv2_application",
  "aws_redshift_cluster",
  "aws_redshift_cluster_iam_roles",
  "aws_athena_workgroup",
  "aws_athena_named_query",
  "aws_msk_cluster",
  "aws_msk_serverless_cluster",
  "aws_msk_configuration",
  "aws_redshiftserverless_namespace",
  "aws_redshiftserverless_workgroup",
  // By Terraform and its small providers (or by what stands in for them in the copy).
  "terraform_data",
  "random_id",
  "random_string",
  "random_password",
  "data.archive_file",
  // The other stack of a run, through its state.
  "data.terraform_remote_state",
  // Questions.
  "data.aws_iam_policy_document",
  "data.aws_caller_identity",
  "data.aws_region",
  "data.aws_partition",
  "data.aws_availability_zones",
  "data.aws_vpc",
  "data.aws_subnets",
  "data.aws_security_group",
  "data.aws_msk_cluster",
  "data.aws_msk_bootstrap_brokers",
]);

/** A type of a stack that does nothing locally, and why. */
export interface InertType {
  readonly type: string;
  readonly reason: string;
}

/** Types that do nothing for one and the same reason. */
export interface InertTypes {
  readonly reason: string;
  readonly types: readonly string[];
}

/** The same, a reason each once, for people: in the order of the types. */
export function byReason(inert: readonly InertType[]): readonly InertTypes[] {
  const types = new Map<string, string[]>();
  for (const { type, reason } of inert) types.set(reason, [...(types.get(reason) ?? []), type]);
  return [...types].map(([reason, of]) => ({ reason, types: of }));
}

/**
 * Answers the types of a synthesized stack that are inert here. Throws SetupError if the stack has one that is neither carried nor known to be
 * inert: a run that leaves something out must say so beforehand.
 */
export function checkTypes(configuration: {
  readonly resource?: unknown;
  readonly data?: unknown;
}): readonly InertType[] {
  const resources = Object.keys(configuration.resource ?? {});
  const sources = Object.keys(configuration.data ?? {}).map((type) => `data.${type}`);
  const unknown = [...resources, ...sources].filter((type) => !CARRIED.has(type) && !Object.hasOwn(INERT, type));
  if (unknown.length > 0) {
    throw new SetupError(
      `the local AWS does not know ${unknown.sort().join(", ")}: carry it in local/services, or name it in local/inert.ts with the reason why it does nothing here`,
    );
  }
  return resources.filter((type) => Object.hasOwn(INERT, type)).map((type) => ({ type, reason: INERT[type]! }));
}
