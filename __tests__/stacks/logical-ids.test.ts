import { type EventStackName, type StackName, synthesizedStack } from "../support/stacks";

/**
 * Ids of what holds data or is known outside. An id is an interface: under another one Terraform replaces the live bucket, stream or cluster.
 * A new line here is fine; a changed one needs a `moved` block and a word in the change that makes it.
 */
const STATEFUL: Readonly<Record<StackName | EventStackName, readonly string[]>> = {
  "event-monitor": [
    "aws_kinesis_stream.user-stream_7E8A9148",
    "aws_kinesis_stream.utm-stream_5FA1EA6D",
    "aws_kms_key.key_F64E54E4",
    "aws_s3_bucket.files_bucket_D7C8A516",
    "random_id.suffix",
  ],
  "event-warehouse": [
    "aws_kms_key.key_F64E54E4",
    "aws_redshift_cluster.warehouse_cluster_CE7290EF",
    "aws_secretsmanager_secret.migrations_loader-secret_8EDA8198",
    "random_id.suffix",
  ],
  "telemetry-lake": [
    "aws_api_gateway_rest_api.ingest_api_37CEE2B1",
    "aws_kinesis_stream.ingest_stream_361ACF7B",
    "aws_kms_key.ingest_key_40DD47DB",
    "aws_s3_bucket.catalog_lake_results_bucket_D3F73134",
    "aws_s3_bucket.fast-laps_code_bucket_44F282AE",
    "aws_s3_bucket.ingest_raw_bucket_91A19D2A",
    "aws_s3_bucket.processed_bucket_9E794356",
    "random_id.suffix",
  ],
  "telemetry-warehouse": [
    "aws_api_gateway_rest_api.ingest_api_37CEE2B1",
    "aws_kinesis_stream.ingest_stream_361ACF7B",
    "aws_kms_key.ingest_key_40DD47DB",
    "aws_redshift_cluster.warehouse_cluster_CE7290EF",
    "aws_s3_bucket.catalog_lake_results_bucket_D3F73134",
    "aws_s3_bucket.fast-laps_code_bucket_44F282AE",
    "aws_s3_bucket.ingest_raw_bucket_91A19D2A",
    "aws_s3_bucket.staging_bucket_D9520E09",
    "aws_secretsmanager_secret.migrations_loader-secret_8EDA8198",
    "random_id.suffix",
  ],
};

const TYPES = [
  "aws_api_gateway_rest_api",
  "aws_kinesis_stream",
  "aws_kms_key",
  "aws_redshift_cluster",
  "aws_s3_bucket",
  "aws_secretsmanager_secret",
  "random_id",
];

describe.each(Object.entries(STATEFUL))("%s", (name, ids) => {
  it("keeps the ids of what holds data", () => {
    const { resource } = synthesizedStack(name as StackName | EventStackName);
    const found = TYPES.flatMap((type) => Object.keys(resource[type] ?? {}).map((id) => `${type}.${id}`));
    expect(found.sort()).toEqual(ids);
  });
});
