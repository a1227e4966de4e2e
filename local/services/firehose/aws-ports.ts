import { GetShardIteratorCommand, KinesisClient, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Caller, ClientConfig, LocalAws } from "../../gateway/types";
import { jsonCall } from "../../json-call";
import { readPage } from "../../kinesis-page";
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
    stream: streamReader(config, kinesis),
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

function streamReader(config: ClientConfig, kinesis: () => KinesisClient): StreamReader {
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
    read: (streamArn, iterator) => readPage(config, streamArn, iterator),
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

/** The emulator looks for the right on the log group, AWS on the log stream. */
function logSink(aws: LocalAws, roleArn: string, config: ClientConfig): LogSink {
  return {
    async put(group, stream, events) {
      const on = `arn:aws:logs:${aws.internal.region}:${aws.accountId}:log-group:${group}:log-stream:${stream}`;
      await aws.authorize(await callerOf(aws, roleArn, config), "logs:PutLogEvents", on);
      // For what the emulator authorizes on other resources than AWS the account calls; the role has been asked about AWS's own.
      await jsonCall(aws.internal, "logs", "Logs_20140328.PutLogEvents", {
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
      const asked = { DatabaseName: database, Name: table };
      const { Table } = await jsonCall<GlueAnswer>(aws.internal, "glue", "AWSGlue.GetTable", asked);
      return Table?.StorageDescriptor?.Columns ?? [];
    },
  };
}

interface GlueAnswer {
  readonly Table?: { readonly StorageDescriptor?: { readonly Columns?: readonly TableColumn[] } };
}

async function callerOf(aws: LocalAws, roleArn: string, { credentials }: ClientConfig): Promise<Caller> {
  return {
    accountId: aws.accountId,
    arn: `arn:aws:sts::${aws.accountId}:assumed-role/${roleArn.split("/").at(-1)}/firehose`,
    credentials: typeof credentials === "function" ? await credentials() : credentials,
  };
}
