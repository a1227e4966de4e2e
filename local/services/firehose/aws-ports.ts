import { Sha256 } from "@aws-crypto/sha256-js";
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SignatureV4 } from "@smithy/signature-v4";
import { AwsError, type Caller, type ClientConfig, type LocalAws } from "../../gateway/types";
import type { Catalog, LogSink, ObjectStore, Ports, RolePorts, Start, StreamReader, TableColumn } from "./ports";

/** The ports on the local AWS: SDK clients with temporary credentials of the applied roles. */
export function awsPorts(aws: LocalAws): Ports {
  return {
    as(roleArn, streamArn) {
      const config = aws.as(roleArn, "firehose.amazonaws.com", streamArn);
      return { ...clientsOf(config), logs: logSink(aws, roleArn, config), catalog: catalogOf(aws, roleArn, config) };
    },
    connect: (to) => aws.connect(to),
  };
}

function clientsOf(config: ClientConfig): Omit<RolePorts, "logs" | "catalog"> {
  const made: { destroy(): void }[] = [];
  // A client costs memory and a connection pool; most roles use two of the five.
  const once = <T extends { destroy(): void }>(make: () => T) => {
    let client: T | undefined;
    return () => {
      if (!client) {
        client = make();
        made.push(client);
      }
      return client;
    };
  };
  const s3 = once(() => new S3Client({ ...config, requestChecksumCalculation: "WHEN_REQUIRED" }));
  const lambda = once(() => new LambdaClient({ ...config, maxAttempts: 1 }));
  const kinesis = once(() => new KinesisClient(config));
  const secrets = once(() => new SecretsManagerClient(config));
  return {
    objects: objectStore(s3),
    functions: {
      async invoke(arn, payload, signal) {
        const answer = await lambda().send(new InvokeCommand({ FunctionName: arn, Payload: payload }), {
          abortSignal: signal,
        });
        return {
          payload: Buffer.from(answer.Payload ?? new Uint8Array()),
          ...(answer.FunctionError ? { functionError: answer.FunctionError } : {}),
        };
      },
    },
    secrets: {
      async read(arn) {
        return (await secrets().send(new GetSecretValueCommand({ SecretId: arn }))).SecretString ?? "";
      },
    },
    stream: streamReader(kinesis),
    close: () => {
      for (const client of made) client.destroy();
    },
  };
}

function objectStore(s3: () => S3Client): ObjectStore {
  return {
    async put({ bucket, key, body, kmsKeyArn }) {
      await s3().send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentType: "application/octet-stream",
          ...(kmsKeyArn ? { ServerSideEncryption: "aws:kms", SSEKMSKeyId: kmsKeyArn } : {}),
        }),
      );
    },
  };
}

function streamReader(kinesis: () => KinesisClient): StreamReader {
  return {
    async shards(streamArn) {
      const found: string[] = [];
      let next: string | undefined;
      do {
        // AWS refuses the stream beside a token.
        const page = await kinesis().send(new ListShardsCommand(next ? { NextToken: next } : { StreamARN: streamArn }));
        found.push(...(page.Shards ?? []).map((shard) => shard.ShardId ?? ""));
        next = page.NextToken;
      } while (next);
      return found;
    },
    async iterator(streamArn, shardId, start) {
      const { ShardIterator } = await kinesis().send(
        new GetShardIteratorCommand({ StreamARN: streamArn, ShardId: shardId, ...position(start) }),
      );
      return ShardIterator ?? "";
    },
    async read(streamArn, iterator) {
      // With the stream beside it the call can be authorized on the stream.
      const page = await kinesis().send(new GetRecordsCommand({ StreamARN: streamArn, ShardIterator: iterator }));
      return {
        records: (page.Records ?? []).map((record) => ({
          sequenceNumber: record.SequenceNumber ?? "",
          partitionKey: record.PartitionKey ?? "",
          arrivedAt: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
          data: Buffer.from(record.Data ?? new Uint8Array()),
        })),
        next: page.NextShardIterator,
        millisBehind: page.MillisBehindLatest ?? 0,
      };
    },
  };
}

function position(start: Start) {
  switch (start.kind) {
    case "beginning":
      return { ShardIteratorType: "TRIM_HORIZON" } as const;
    case "time":
      return { ShardIteratorType: "AT_TIMESTAMP", Timestamp: start.at } as const;
    case "after":
      return { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: start.sequenceNumber } as const;
  }
}

/**
 * A call of a JSON protocol, signed by the account: one action does not need a client package. For what the emulator authorizes on other
 * resources than AWS; the role is asked about AWS's own before.
 */
async function callAsAccount(aws: LocalAws, service: string, target: string, input: unknown): Promise<string> {
  const { endpoint, region, credentials } = aws.internal;
  const { host, hostname, port } = new URL(endpoint);
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const body = JSON.stringify(input);
  const { headers } = await signer.sign({
    method: "POST",
    protocol: "http:",
    hostname,
    ...(port ? { port: Number(port) } : {}),
    path: "/",
    query: {},
    headers: { host, "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
    body,
  });
  const answer = await fetch(endpoint, { method: "POST", headers, body });
  const said = await answer.text();
  if (answer.ok) return said;
  const code = /"__type"\s*:\s*"(?:[^"#]*#)?([A-Za-z]+)/.exec(said)?.[1] ?? `${target.split(".")[1]}Error`;
  throw new AwsError(code, `${target.split(".")[1]} was refused (${answer.status}): ${said}`);
}

/** The emulator looks for the right on the log group, AWS on the log stream. */
function logSink(aws: LocalAws, roleArn: string, config: ClientConfig): LogSink {
  return {
    async put(group, stream, events) {
      const on = `arn:aws:logs:${aws.internal.region}:${aws.accountId}:log-group:${group}:log-stream:${stream}`;
      await aws.authorize(await callerOf(aws, roleArn, config), "logs:PutLogEvents", on);
      await callAsAccount(aws, "logs", "Logs_20140328.PutLogEvents", {
        logGroupName: group,
        logStreamName: stream,
        logEvents: events.map(({ at, message }) => ({ timestamp: at, message })),
      });
    },
  };
}

/**
 * Reads a table as Firehose does: by its versions, with the right on the table and on what it lies in. The emulator keeps the latest
 * version only, which GetTable answers.
 */
function catalogOf(aws: LocalAws, roleArn: string, config: ClientConfig): Catalog {
  return {
    async columns(database, table) {
      const caller = await callerOf(aws, roleArn, config);
      for (const on of [`table/${database}/${table}`, `database/${database}`, "catalog"]) {
        await aws.authorize(caller, "glue:GetTableVersions", `arn:aws:glue:${aws.region}:${aws.accountId}:${on}`);
      }
      const said = await callAsAccount(aws, "glue", "AWSGlue.GetTable", { DatabaseName: database, Name: table });
      const { Table } = JSON.parse(said) as { Table?: { StorageDescriptor?: { Columns?: readonly TableColumn[] } } };
      return Table?.StorageDescriptor?.Columns ?? [];
    },
  };
}

async function callerOf(aws: LocalAws, roleArn: string, { credentials }: ClientConfig): Promise<Caller> {
  return {
    accountId: aws.accountId,
    arn: `arn:aws:sts::${aws.accountId}:assumed-role/${roleArn.split("/").at(-1)}/firehose`,
    credentials: typeof credentials === "function" ? await credentials() : credentials,
  };
}
