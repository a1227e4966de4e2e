import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Deadline } from "../data-api/deadline";
import { assumedRole } from "./assumed-role";
import type { LoadConfig, Reach } from "./config";
import { dataApiWarehouse } from "./data-api-warehouse";
import { driverWarehouse } from "./driver-warehouse";
import { dynamodbLedger } from "./dynamodb-ledger";
import { patient } from "./patient";
import { pgDriver } from "./pg-driver";
import type { Ports, Warehouse } from "./ports";
import { s3Objects } from "./s3-objects";
import { ssmLogin } from "./ssm-login";

/** Ports of a warehouse for one invocation. */
interface Opened {
  readonly warehouse: Warehouse;
  close(): Promise<void>;
}

type Open = (config: Pick<LoadConfig, "copyRole" | "bucketRegion">, deadline: Deadline) => Opened;

export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly openWarehouse: Open;
}

/** Clients last as long as the function's process, so that connections are used again. */
export function createClients({ reach }: Pick<LoadConfig, "reach">): Clients {
  const openWarehouse = reach.by === "driver" ? byDriver(reach) : byDataApi(reach);
  return { dynamodb: new DynamoDBClient(patient()), s3: new S3Client(patient()), openWarehouse };
}

const now = () => new Date();
const pause = (milliseconds: number) => sleep(milliseconds);

function byDataApi({ connection, role }: Extract<Reach, { by: "dataApi" }>): Open {
  const client = new RedshiftDataClient({ ...patient(), ...(role ? { credentials: assumedRole(role) } : {}) });
  return ({ copyRole, bucketRegion }, deadline) => {
    const options = { connection, copyRole, bucketRegion, now };
    return { warehouse: dataApiWarehouse({ client, deadline, sleep: pause }, options), close: async () => undefined };
  };
}

function byDriver(reach: Extract<Reach, { by: "driver" }>): Open {
  const login = ssmLogin(new SSMClient(patient()), reach.parameter);
  return ({ copyRole, bucketRegion }, deadline) => {
    const driver = pgDriver({ ...reach, login, deadline });
    const warehouse = driverWarehouse(driver, { copyRole, bucketRegion, now, sleep: pause });
    return { warehouse, close: () => warehouse.close() };
  };
}

export interface World extends Ports {
  /** Ends what must not outlive an invocation: Lambda freezes the process behind it. */
  close(): Promise<void>;
}

/** The load's ports on AWS. */
export function onAws({ dynamodb, s3, openWarehouse }: Clients, config: LoadConfig, deadline: Deadline): World {
  return {
    ledger: dynamodbLedger(dynamodb, config.ledgerTable),
    objects: s3Objects(s3, config.bucket),
    ...openWarehouse(config, deadline),
    clock: { now, remaining: () => deadline.remaining() },
  };
}
