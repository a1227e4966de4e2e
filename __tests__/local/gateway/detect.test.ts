import { detectService } from "../../../local/gateway/detect";
import type { Credential } from "../../../local/gateway/sigv4";

const detect = (headers: Record<string, string>, service?: string) =>
  detectService({
    method: "POST",
    path: "/",
    headers,
    credential: service === undefined ? undefined : ({ service } as Credential),
  });

const FORM = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };

it.each([
  [
    "an API by its host, whatever the signature says",
    { host: "abc123.execute-api.eu-central-1.amazonaws.com" },
    "s3",
    "execute-api",
    "rest-json",
  ],
  [
    "an API by its host without a signature",
    { host: "abc123.execute-api.eu-central-1.localhost:4566" },
    undefined,
    "execute-api",
    "rest-json",
  ],
  [
    "a JSON service by its signature",
    { "x-amz-target": "Firehose_20150804.PutRecord" },
    "firehose",
    "firehose",
    "json",
  ],
  [
    "a JSON service by its target alone",
    { "x-amz-target": "RedshiftData.ExecuteStatement" },
    undefined,
    "redshift-data",
    "json",
  ],
  [
    "Managed Flink by its signing name",
    { "x-amz-target": "KinesisAnalytics_20180523.DescribeApplication" },
    undefined,
    "kinesisanalytics",
    "json",
  ],
  ["a query service", FORM, "redshift", "redshift", "query"],
  ["EC2, whose errors differ", FORM, "ec2", "ec2", "ec2"],
  ["a REST service", { "content-type": "application/json" }, "lambda", "lambda", "rest-json"],
  ["S3 by its signature", {}, "s3", "s3", "s3"],
  ["S3 for what says nothing", { host: "127.0.0.1:4566" }, undefined, "s3", "s3"],
  ["S3 for a bucket in the host", { host: "bucket.localhost:4566" }, undefined, "s3", "s3"],
  ["an unknown service by its looks", { "x-amz-target": "X.Y" }, "newservice", "newservice", "json"],
])("finds %s", (_, headers, scope, service, protocol) => {
  expect(detect(headers, scope)).toEqual({ service, protocol });
});

it("finds an API by the path that other emulators take, and leaves API Gateway's own paths alone", () => {
  const at = (path: string, service?: string) =>
    detectService({ method: "GET", path, headers: {}, credential: service ? ({ service } as Credential) : undefined })
      ?.service;
  expect(at("/restapis/abc/v1/_user_request_/records")).toBe("execute-api");
  expect(at("/restapis/abc/v1/_user_request_")).toBe("execute-api");
  expect(at("/restapis/abc/stages/v1", "apigateway")).toBe("apigateway");
});

it.each([
  ["an unknown target without a signature", { "x-amz-target": "X.Y" }],
  ["a form without a signature", FORM],
])("does not guess for %s", (_, headers) => {
  expect(detect(headers)).toBeUndefined();
});
