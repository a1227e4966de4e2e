import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import type { Deadline } from "../data-api/deadline";
import { assumedRole } from "./assumed-role";
import type { LoadConfig } from "./config";
import { dataApiWarehouse } from "./data-api-warehouse";
import { dynamodbLedger } from "./dynamodb-ledger";
import { patient } from "./patient";
import type { Ports } from "./ports";
import { s3Objects } from "./s3-objects";

export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly redshift: RedshiftDataClient;
}

/** Clients last as long as the function's process, so that connections are used again. */
export function createClients({ dataApiRole }: Pick<LoadConfig, "dataApiRole">): Clients {
  return {
    dynamodb: new DynamoDBClient(patient()),
    s3: new S3Client(patient()),
    redshift: new RedshiftDataClient({
      ...patient(),
      ...(dataApiRole === undefined ? {} : { credentials: assumedRole(dataApiRole) }),
    }),
  };
}

/** The load's ports on AWS. */
export function onAws({ dynamodb, s3, redshift }: Clients, config: LoadConfig, deadline: Deadline): Ports {
  const now = () => new Date();
  const { connection, copyRole, bucketRegion } = config;
  const running = { client: redshift, deadline, sleep: (milliseconds: number) => sleep(milliseconds) };
  return {
    ledger: dynamodbLedger(dynamodb, config.ledgerTable),
    objects: s3Objects(s3, config.bucket),
    warehouse: dataApiWarehouse(running, { connection, copyRole, bucketRegion, now }),
    clock: { now, remaining: () => deadline.remaining() },
  };
}
