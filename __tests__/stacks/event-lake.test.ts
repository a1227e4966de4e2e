import { USER_EVENT, UTM_EVENT } from "../../lambda-src/events/tracking";
import { checkTypes } from "../../local/inert";
import { EVENT_STACK_NAMES, synthesizedStack } from "../support/stacks";

// biome-ignore lint/suspicious/noExplicitAny: synthesized JSON is asserted on, not typed
type Json = any;

const events = { lakeFormat: "parquet" };
const synthesized = (name: "event-monitor" | "event-warehouse", more: object = {}, settings: object = {}): Json =>
  synthesizedStack(name, { events: { ...events, ...more }, ...settings });
const lakeStreams = (more: object = {}) =>
  Object.entries<Json>(synthesized("event-monitor", more).resource.aws_kinesis_firehose_delivery_stream)
    .filter(([id]) => id.startsWith("lake_"))
    .map(([, stream]) => stream.extended_s3_configuration);
const document = (json: Json, start: string) =>
  Object.entries<Json>(json.data.aws_iam_policy_document).find(([id]) => id.startsWith(start))![1].statement;

describe("events.lakeFormat", () => {
  it.each(EVENT_STACK_NAMES)("changes nothing of %s where it is none", (name) => {
    expect(synthesizedStack(name, { events: { lakeFormat: "none" } })).toEqual(synthesizedStack(name));
  });

  it.each(["firehose", "loader"])("leaves what is loaded as it is, with delivery %s", (delivery) => {
    const of = (settings: object) => synthesizedStack("event-monitor", { events: { delivery, ...settings } }).resource;
    const before: Json = of({});
    const after: Json = of(events);
    for (const [type, resources] of Object.entries<Json>(before)) {
      for (const [id, resource] of Object.entries<Json>(resources)) expect(after[type][id]).toEqual(resource);
    }
  });

  it.each(EVENT_STACK_NAMES)("brings no type to %s that the local AWS does not know", (name) => {
    expect(() => checkTypes(synthesized(name))).not.toThrow();
  });

  it.each([
    ["parquet", { parquet_ser_de: { compression: "SNAPPY" } }],
    ["orc", { orc_ser_de: { compression: "SNAPPY" } }],
  ])(
    "%s: converts both streams by their tables, into folders of that format by the hour, in a bucket of their own",
    (lakeFormat, serializer) => {
      const found = lakeStreams({ lakeFormat });
      expect(found.map(({ prefix }) => prefix)).toEqual([
        `events/${lakeFormat}/!{timestamp:yyyy/MM/dd/HH}/`,
        `utm/${lakeFormat}/!{timestamp:yyyy/MM/dd/HH}/`,
      ]);
      for (const {
        bucket_arn,
        buffering_size,
        buffering_interval,
        data_format_conversion_configuration: conversion,
      } of found) {
        expect(bucket_arn).toMatch(/^\$\{aws_s3_bucket\.lake_files_bucket_\w+\.arn\}$/);
        expect([buffering_size, buffering_interval]).toEqual([128, 300]);
        expect(conversion.output_format_configuration).toEqual({ serializer });
      }
    },
  );

  it.each(["parquet", "orc"])(
    "%s: has a table a stream over the files of that format alone, all text, and no partition, which Redshift would not find",
    (lakeFormat) => {
      const tables = Object.values<Json>(synthesized("event-monitor", { lakeFormat }).resource.aws_glue_catalog_table);
      expect(tables.map(({ name }) => name)).toEqual(["events", "utm"]);
      for (const [i, columns] of [USER_EVENT, UTM_EVENT].entries()) {
        const { partition_keys, parameters, storage_descriptor } = tables[i];
        expect(partition_keys).toBeUndefined();
        expect(parameters).toEqual({ EXTERNAL: "TRUE" });
        expect(storage_descriptor.location).toMatch(
          /^s3:\/\/\$\{aws_s3_bucket\.lake_files_bucket_\w+\.bucket\}\/\w+\/\w+\/$/,
        );
        expect(storage_descriptor.location.split("}")[1]).toBe(`/${["events", "utm"][i]}/${lakeFormat}/`);
        expect(storage_descriptor.columns).toEqual(columns.map((name) => ({ name, type: "string" })));
      }
    },
  );

  it("lets the role at the end of the chain read these tables and this bucket, and no more, and the warehouse's role alone assume it", () => {
    const json = synthesized("event-monitor");
    const [trust] = document(json, "lake_reader_role-trust");
    expect(trust).toEqual({
      actions: ["sts:AssumeRole"],
      principals: [{ type: "AWS", identifiers: [expect.stringMatching(/^arn:.*:iam::.*:root$/)] }],
      condition: [
        {
          test: "ArnEquals",
          variable: "aws:PrincipalArn",
          values: [expect.stringMatching(/terraform_remote_state.*copy-role/)],
        },
      ],
    });
    const ref = (pattern: string) => expect.stringMatching(new RegExp(pattern));
    expect(document(json, "lake_reader_definitions-document")).toEqual([
      {
        actions: ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"],
        resources: [
          ref('^\\$\\{replace\\(aws_glue_catalog_database\\.lake_database_\\w+\\.arn, .*"catalog"\\)\\}$'),
          ref("^\\$\\{aws_glue_catalog_database\\.lake_database_\\w+\\.arn\\}$"),
          ref("^\\$\\{aws_glue_catalog_table\\.lake_user-table_\\w+\\.arn\\}$"),
          ref("^\\$\\{aws_glue_catalog_table\\.lake_utm-table_\\w+\\.arn\\}$"),
        ],
      },
    ]);
    const rights = Object.entries<Json>(json.resource.aws_iam_role_policy).filter(([, { role }]) =>
      /lake_reader_role/.test(role),
    );
    expect(rights).toHaveLength(2);
    expect(document(json, "lake_files_read-")).toEqual([
      { actions: ["s3:GetBucketLocation", "s3:ListBucket"], resources: [ref("lake_files_bucket_\\w+\\.arn\\}$")] },
      { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [ref("lake_files_bucket_\\w+\\.arn\\}/\\*$")] },
      { actions: ["kms:Decrypt"], resources: [ref("^\\$\\{aws_kms_key\\.key_\\w+\\.arn\\}$")] },
    ]);
  });

  it.each([
    ["same", "provisioned"],
    ["other", "provisioned"],
    ["other", "serverless"],
  ])(
    "gives the warehouse a schema over it by a chain of two roles, the first of which may go on to the second: accounts %s, %s",
    (accounts, kind) => {
      const json = synthesized("event-warehouse", { accounts }, { warehouse: { kind } });
      const account = accounts === "same" ? "data\\.aws_caller_identity\\.\\w+\\.account_id" : "var\\.event_account_id";
      const role = `arn:.*:iam::\\$\\{${account}\\}:role/redstream-events-lake-\\$\\{random_id\\.suffix\\.hex\\}`;
      expect(document(json, "lake-chain-document")).toEqual([
        { actions: ["sts:AssumeRole"], resources: [expect.stringMatching(new RegExp(`^${role}$`))] },
      ]);
      const [run] = Object.values<Json>(json.resource.aws_lambda_invocation)
        .map(({ input }) => JSON.parse(input))
        .filter(({ dataset }) => dataset === "events_lake");
      expect(run.users).toEqual([]);
      expect(run.values).toEqual({
        database: "redstream_events_lake_${random_id.suffix.hex}",
        region: "us-east-1",
        roles: expect.stringMatching(new RegExp(`^\\$\\{aws_iam_role\\.warehouse_copy-role_\\w+\\.arn\\},${role}$`)),
      });
    },
  );

  it.each([
    ["loader", ["com.amazonaws.us-east-1.glue", "com.amazonaws.us-east-1.s3"]],
    ["firehose", []],
  ])("gives a warehouse with delivery %s the ways out of its VPC %j", (delivery, services) => {
    const { resource } = synthesized("event-warehouse", { delivery });
    const endpoints = Object.values<Json>(resource.aws_vpc_endpoint ?? {});
    expect(endpoints.map(({ service_name }) => service_name).sort()).toEqual(services);
    expect(() => checkTypes(synthesized("event-warehouse", { delivery }))).not.toThrow();
    const rules = Object.values<Json>(resource.aws_vpc_security_group_egress_rule ?? {}).map(
      ({ description }) => description,
    );
    expect(rules.includes("HTTPS of warehouse")).toBe(delivery === "loader");
  });

  it.each(["parquet", "orc"])("refuses %s without an interval in which rows are gathered", (lakeFormat) => {
    expect(() => synthesized("event-monitor", { lakeFormat, bufferingIntervalSeconds: 0 })).toThrow(
      new Error(
        `event-monitor/lake: events.bufferingIntervalSeconds 0 (zero buffering) contradicts events.lakeFormat "${lakeFormat}", whose files hold many rows each; give 1 to 900 or leave lakeFormat out`,
      ),
    );
    expect(() => synthesized("event-monitor", { lakeFormat, bufferingIntervalSeconds: 1 })).not.toThrow();
  });

  it("is parquet, orc or none", () => {
    expect(() => synthesized("event-monitor", { lakeFormat: "json" })).toThrow(
      'events.lakeFormat must be one of none, parquet, orc, got "json"',
    );
  });
});
