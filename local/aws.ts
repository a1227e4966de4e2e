import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { Clock } from "./clock";
import { type Gateway, startGateway } from "./gateway";
import { byTarget } from "./gateway/by-target";
import type { Interceptor } from "./gateway/intercept";
import { AwsError, type LocalAws, type Service } from "./gateway/types";
import { kafkaStreams } from "./kafka";
import { Meter } from "./meter";
import { createApplicationAutoScaling } from "./services/application-autoscaling";
import { createAthena } from "./services/athena";
import { createExecuteApi } from "./services/execute-api";
import { createFirehose } from "./services/firehose";
import { createKafka, type LocalBrokersOptions, localBrokers } from "./services/kafka";
import { createKinesisAnalytics } from "./services/kinesisanalytics";
import { createKinesisAnalyticsV2 } from "./services/kinesisanalyticsv2";
import { createRedshift, glueLake, s3Stores } from "./services/redshift";
import { createRedshiftData } from "./services/redshift-data";
import { createRedshiftServerless } from "./services/redshift-serverless";
import { Warehouses, type WriteConflicts } from "./warehouse";
import { startWire } from "./wire";

/** The account of every local run, the one the emulator's test keys are root of. */
export const ACCOUNT_ID = "000000000000";

/** Tells a function where the warehouses of this run listen; `lambda-src/load/config.ts` reads it. */
const LOCAL_WAREHOUSES = "REDSTREAM_LOCAL_WAREHOUSES";

/** File in the run's folder with the address at which drivers, psql among them, reach its warehouses. */
const WAREHOUSE_ADDRESS = "warehouse-address";

export interface LocalAwsOptions {
  /** Folder of the run; must exist. */
  readonly folder: string;
  readonly region: string;
  /** Python of the emulator's environment, from `ensurePython`. */
  readonly python: string;
  /** How much waiting is shortened, 1 to 1000. */
  readonly speed: number;
  /** Port of the endpoint on 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Sees and spoils requests, for tests and the fault campaign. @default none */
  readonly interceptor?: Interceptor;
  /** Makes writes to the warehouses fail with error 1023, for the fault campaign. @default none */
  readonly conflicts?: WriteConflicts;
  /** How the brokers of Kafka clusters differ from what is applied. @default not at all */
  readonly kafka?: Omit<LocalBrokersOptions, "folder">;
}

/** Starts a local AWS with every service of ours: what Terraform applies to, and what then carries the data. */
export async function startLocalAws(options: LocalAwsOptions): Promise<Gateway> {
  const { speed, kafka, conflicts, ...rest } = options;
  let gateway: Gateway | undefined;
  // Handlers are told its address when the emulator starts, so it is there first; who connects is already running something.
  const wire = await startWire((to) => {
    if (gateway) return gateway.aws.connect(to);
    throw new AwsError("ConnectionError", "The local AWS is starting", 503);
  });
  writeFileSync(path.join(options.folder, WAREHOUSE_ADDRESS), `${wire.address}\n`);
  try {
    gateway = await startGateway({
      ...rest,
      accountId: ACCOUNT_ID,
      clock: new Clock(speed),
      meter: new Meter(),
      services: (aws) => servicesOf(aws, kafka, conflicts),
      environment: { [LOCAL_WAREHOUSES]: wire.address },
      beside: wire,
    });
    return gateway;
  } catch (problem) {
    await wire.close();
    throw problem;
  }
}

function servicesOf(
  aws: LocalAws,
  kafka: LocalAwsOptions["kafka"],
  conflicts: LocalAwsOptions["conflicts"],
): readonly Service[] {
  const brokers = localBrokers({ ...kafka, folder: aws.folder });
  const streams = kafkaStreams({ bootstrapOf: brokers.bootstrapOf });
  const warehouses = new Warehouses(path.join(aws.folder, "warehouse"), s3Stores(aws), {
    streams,
    lake: glueLake(aws),
    ...(conflicts ? { conflicts } : {}),
  });
  return [
    createApplicationAutoScaling(aws),
    createAthena(aws),
    createExecuteApi(aws),
    createFirehose(aws),
    createKafka(aws, brokers),
    byTarget({
      KinesisAnalytics_20150814: createKinesisAnalytics(aws),
      KinesisAnalytics_20180523: createKinesisAnalyticsV2(aws),
    }),
    createRedshift(aws, warehouses),
    createRedshiftServerless(aws, warehouses),
    createRedshiftData(aws, warehouses),
  ];
}

/** Records on their way, over all services: 0 when everything has come to rest. */
export function pending(gateway: Gateway): number {
  return gateway.services.reduce((sum, service) => sum + (service.pending?.() ?? 0), 0);
}
