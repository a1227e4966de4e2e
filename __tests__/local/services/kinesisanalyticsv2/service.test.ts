import { readFileSync } from "node:fs";
import type { Caller, LocalAws, Service } from "../../../../local/gateway/types";
import { createKinesisAnalyticsV2 } from "../../../../local/services/kinesisanalyticsv2";
import { FakeAws, until } from "./fake-aws";

const ARN = "arn:aws:kinesisanalytics:us-east-1:000000000000:application/telemetry";
const ROLE = "arn:aws:iam::000000000000:role/analytics";
const sql = (file: string) => readFileSync(`sql/telemetry/analytics/${file}`, "utf8");

let fake: FakeAws;
let aws: LocalAws;
let service: Service;
beforeEach(async () => {
  fake = new FakeAws();
  aws = await fake.listen();
  service = createKinesisAnalyticsV2(aws);
});
afterEach(async () => {
  await service.close?.();
  await fake.close();
});

// biome-ignore lint/suspicious/noExplicitAny: response documents are asserted on
async function call(action: string, input: object = {}): Promise<any> {
  const response = await service.handle({
    method: "POST",
    path: "/",
    query: new URLSearchParams(),
    headers: { "x-amz-target": `KinesisAnalytics_20180523.${action}` },
    body: Buffer.from(JSON.stringify(input)),
    service: "kinesisanalytics",
    region: "us-east-1",
    caller: {} as Caller,
    sourceIp: "127.0.0.1",
  });
  return JSON.parse(response.body.toString());
}

const name = { ApplicationName: "telemetry" };

const properties = (over: Record<string, string> = {}) => ({
  "script.1": sql("source.sql"),
  "script.2": sql("sink.sql"),
  "script.3": sql("deliver.sql"),
  select: "SELECT speed, rpm, gear, throttle FROM telemetry WHERE speed >= 200",
  columns: "speed DOUBLE, rpm INT, gear INT, throttle DOUBLE",
  "source.stream": "stream",
  "source.position": "TRIM_HORIZON",
  "delivery.stream": "processed",
  "aws.region": "us-east-1",
  ...over,
});

const configuration = (over: Record<string, string> = {}) => ({
  ApplicationCodeConfiguration: {
    CodeContentType: "ZIPFILE",
    CodeContent: { S3ContentLocation: { BucketARN: "arn:aws:s3:::code", FileKey: "runner.jar" } },
  },
  EnvironmentProperties: { PropertyGroups: [{ PropertyGroupId: "SqlRunner", PropertyMap: properties(over) }] },
  ApplicationSnapshotConfiguration: { SnapshotsEnabled: true },
});

const create = (over: Record<string, string> = {}, more: object = {}) =>
  call("CreateApplication", {
    ...name,
    RuntimeEnvironment: "FLINK-1_19",
    ServiceExecutionRole: ROLE,
    ApplicationConfiguration: configuration(over),
    ...more,
  });

const status = async () => (await call("DescribeApplication", name)).ApplicationDetail.ApplicationStatus;
const is = (wanted: string) => until(async () => (await status()) === wanted);

async function run(): Promise<void> {
  await call("StartApplication", name);
  await is("RUNNING");
}

async function stop(): Promise<void> {
  await call("StopApplication", name);
  await is("READY");
}

/** Starts, waits until it has failed, and answers why. */
async function failure(): Promise<string> {
  const { OperationId } = await call("StartApplication", name);
  await is("READY");
  const { ApplicationOperationInfoDetails: info } = await call("DescribeApplicationOperation", {
    ...name,
    OperationId,
  });
  expect(info.OperationStatus).toBe("FAILED");
  return info.OperationFailureDetails.ErrorInfo.ErrorString;
}

const lap = (speed: number) => JSON.stringify({ speed, rpm: 9000, gear: 4, throttle: 0.5 });
const count = (event: string) => fake.meter.read("analytics:telemetry", event);

describe("a started application", () => {
  it("delivers a line of every record that the SELECT takes, of all shards, put before and after the start", async () => {
    fake.shards["shard-1"] = [lap(300)];
    fake.shards["shard-0"]?.push(lap(199.9), lap(200));
    await create();
    await run();
    await until(() => fake.delivered.length === 2);
    fake.shards["shard-1"].push(lap(250));
    await until(() => fake.delivered.length === 3);
    expect(fake.delivered.sort()).toEqual(["200.0,9000,4,0.5\n", "250.0,9000,4,0.5\n", "300.0,9000,4,0.5\n"]);
  });

  it("counts what it read, could not read, filtered, selected and delivered", async () => {
    fake.shards["shard-0"]?.push(lap(100), lap(210), lap(220), "not json");
    await create();
    await run();
    await until(() => fake.delivered.length === 2 && service.pending?.() === 0);
    expect(fake.meter.all()).toEqual({
      "analytics:telemetry": { read: 4, unreadable: 1, filtered: 1, selected: 2, delivered: 2 },
    });
  });

  it("reads, delivers and fetches its program as the application's role", async () => {
    await create();
    await run();
    expect(new Set(fake.assumed)).toEqual(new Set([`${ROLE} kinesisanalytics.amazonaws.com ${ARN}`]));
  });

  it("resends only the records that Firehose did not take", async () => {
    fake.shards["shard-0"]?.push(lap(201), lap(202), lap(203));
    fake.answers.push([1]);
    await create();
    await run();
    // What is delivered is counted once the answer is read, which is after the stream has it.
    await until(() => count("delivered") === 3);
    expect(fake.batches).toEqual([3, 1]);
    expect(fake.delivered.map((line) => line.slice(0, 3))).toEqual(["201", "203", "202"]);
    expect(count("retried")).toBe(1);
  });

  it("keeps on until Firehose takes the records, and says why once", async () => {
    const said = jest.spyOn(console, "error").mockReturnValue(undefined);
    fake.shards["shard-0"]?.push(lap(201));
    fake.answers.push("fail", "fail");
    await create();
    await run();
    await until(() => fake.delivered.length === 1);
    expect(said.mock.calls).toEqual([
      ["analytics telemetry: broken; it is tried again until it succeeds or the application is stopped"],
    ]);
    said.mockRestore();
  });

  it("leaves out a record that the SELECT overflows on, and delivers the others", async () => {
    const said = jest.spyOn(console, "error").mockReturnValue(undefined);
    fake.shards["shard-0"]?.push(lap(201), lap(202).replace("9000", "2147483647"), lap(203));
    await create({ select: "SELECT speed, rpm + 1 AS rpm, gear, throttle FROM telemetry" });
    await run();
    await until(() => fake.delivered.length === 2);
    expect(fake.delivered).toEqual(["201.0,9001,4,0.5\n", "203.0,9001,4,0.5\n"]);
    expect(count("unreadable")).toBe(1);
    expect(said).toHaveBeenCalledTimes(1);
    said.mockRestore();
  });

  it("goes on after a stop where it was: nothing lost, nothing twice", async () => {
    fake.shards["shard-0"]?.push(...Array.from({ length: 25 }, (_, i) => lap(200 + i)));
    await create();
    await run();
    await until(() => fake.delivered.length === 25);
    await stop();
    fake.shards["shard-0"]?.push(lap(300));
    await run();
    await until(() => fake.delivered.length === 26);
    expect(fake.delivered.map((line) => Number.parseFloat(line))).toEqual([
      ...Array.from({ length: 25 }, (_, i) => 200 + i),
      300,
    ]);
  });

  it("does not pass over records that were not taken when it is stopped", async () => {
    jest.spyOn(console, "error").mockReturnValue(undefined);
    fake.shards["shard-0"]?.push(lap(201));
    fake.answers.push(...Array.from({ length: 1000 }, () => "fail" as const));
    await create();
    await run();
    await until(() => fake.batches.length > 0);
    await stop();
    fake.answers.length = 0;
    await run();
    await until(() => fake.delivered.length === 1);
    jest.restoreAllMocks();
  });

  it("begins at the script's position again when the start skips the snapshot", async () => {
    fake.shards["shard-0"]?.push(lap(201));
    await create();
    await run();
    await until(() => fake.delivered.length === 1);
    await stop();
    await call("StartApplication", {
      ...name,
      RunConfiguration: { ApplicationRestoreConfiguration: { ApplicationRestoreType: "SKIP_RESTORE_FROM_SNAPSHOT" } },
    });
    await until(() => fake.delivered.length === 2);
  });

  it("leaves out with LATEST what was put before the start", async () => {
    fake.shards["shard-0"]?.push(lap(201));
    await create({ "source.position": "LATEST" });
    await run();
    fake.shards["shard-0"]?.push(lap(202));
    await until(() => fake.delivered.length === 1);
    expect(fake.delivered).toEqual(["202.0,9000,4,0.5\n"]);
  });

  it("restarts on an updated SELECT where it was", async () => {
    fake.shards["shard-0"]?.push(lap(201), lap(301));
    await create();
    await run();
    await until(() => fake.delivered.length === 2);
    await call("UpdateApplication", {
      ...name,
      CurrentApplicationVersionId: 1,
      ApplicationConfigurationUpdate: {
        EnvironmentPropertyUpdates: {
          PropertyGroups: [
            {
              PropertyGroupId: "SqlRunner",
              PropertyMap: properties({
                select: "SELECT speed, rpm, gear, throttle FROM telemetry WHERE speed >= 300",
              }),
            },
          ],
        },
      },
    });
    await is("RUNNING");
    fake.shards["shard-0"]?.push(lap(202), lap(302));
    await until(() => fake.delivered.length === 3 && service.pending?.() === 0);
    expect(fake.delivered.map((line) => line.slice(0, 3))).toEqual(["201", "301", "302"]);
  });
});

describe("an application that cannot run", () => {
  it("goes back to READY and says which program is missing", async () => {
    fake.objects.clear();
    await create();
    expect(await failure()).toBe("the code s3://code/runner.jar cannot be read: no such key");
  });

  it("says which property is missing", async () => {
    await create({ "script.3": "INSERT INTO fast_laps SELECT '' FROM (${selct})" });
    expect(await failure()).toBe(
      "script.3, statement 1: no property selct in group SqlRunner, which has script.1, script.2, script.3, select, columns, source.stream, source.position, delivery.stream, aws.region",
    );
  });

  it("says which property group is missing", async () => {
    await create({}, { ApplicationConfiguration: { ...configuration(), EnvironmentProperties: undefined } });
    expect(await failure()).toBe("no property group SqlRunner; the application has none");
  });

  it("names the column that the SELECT does not give", async () => {
    await create({ select: "SELECT speed FROM telemetry" });
    expect(await failure()).toBe("the line names column rpm, the SELECT gives speed");
  });
});

describe("the control plane", () => {
  it("describes what was created, as the provider reads it", async () => {
    await create(
      {},
      {
        CloudWatchLoggingOptions: [{ LogStreamARN: "arn:log" }],
        Tags: [{ Key: "a", Value: "1" }],
        ApplicationConfiguration: {
          ...configuration(),
          FlinkApplicationConfiguration: {
            ParallelismConfiguration: {
              ConfigurationType: "CUSTOM",
              Parallelism: 2,
              ParallelismPerKPU: 1,
              AutoScalingEnabled: false,
            },
          },
        },
      },
    );
    expect((await call("DescribeApplication", name)).ApplicationDetail).toMatchObject({
      ApplicationARN: ARN,
      ApplicationStatus: "READY",
      ApplicationVersionId: 1,
      ServiceExecutionRole: ROLE,
      CloudWatchLoggingOptionDescriptions: [{ CloudWatchLoggingOptionId: "1.1", LogStreamARN: "arn:log" }],
      ApplicationConfigurationDescription: {
        ApplicationCodeConfigurationDescription: {
          CodeContentType: "ZIPFILE",
          CodeContentDescription: {
            S3ApplicationCodeLocationDescription: { BucketARN: "arn:aws:s3:::code", FileKey: "runner.jar" },
          },
        },
        EnvironmentPropertyDescriptions: { PropertyGroupDescriptions: [{ PropertyGroupId: "SqlRunner" }] },
        ApplicationSnapshotConfigurationDescription: { SnapshotsEnabled: true },
        FlinkApplicationConfigurationDescription: {
          CheckpointConfigurationDescription: {
            ConfigurationType: "DEFAULT",
            CheckpointingEnabled: true,
            CheckpointInterval: 60_000,
          },
          ParallelismConfigurationDescription: {
            ConfigurationType: "CUSTOM",
            Parallelism: 2,
            AutoScalingEnabled: false,
          },
        },
      },
    });
    expect(await call("ListTagsForResource", { ResourceARN: ARN })).toEqual({ Tags: [{ Key: "a", Value: "1" }] });
  });

  it("asks the caller's policies for every action, and for passing the role", async () => {
    await create();
    expect(fake.authorized).toEqual([`kinesisanalytics:CreateApplication ${ARN}`, `iam:PassRole ${ROLE}`]);
  });

  it("does not start for a caller who may not", async () => {
    await create();
    fake.denied = "kinesisanalytics:StartApplication";
    await expect(call("StartApplication", name)).rejects.toThrow("not allowed: kinesisanalytics:StartApplication");
    expect(await status()).toBe("READY");
  });

  it("refuses a change that rests on an old version", async () => {
    await create();
    await expect(call("UpdateApplication", { ...name, CurrentApplicationVersionId: 7 })).rejects.toThrow(
      "CurrentApplicationVersionId 7 is not the application's version 1",
    );
  });

  it("changes the code's version by an update", async () => {
    await create();
    await call("UpdateApplication", {
      ...name,
      CurrentApplicationVersionId: 1,
      ApplicationConfigurationUpdate: {
        ApplicationCodeConfigurationUpdate: {
          CodeContentUpdate: { S3ContentLocationUpdate: { ObjectVersionUpdate: "v2" } },
        },
      },
    });
    const { ApplicationDetail: detail } = await call("DescribeApplication", name);
    expect(detail.ApplicationVersionId).toBe(2);
    expect(
      detail.ApplicationConfigurationDescription.ApplicationCodeConfigurationDescription.CodeContentDescription
        .S3ApplicationCodeLocationDescription,
    ).toEqual({ BucketARN: "arn:aws:s3:::code", FileKey: "runner.jar", ObjectVersion: "v2" });
  });

  it.each([
    ["StopApplication", "Application telemetry cannot be stopped while it is READY"],
    ["StartApplication", "Application telemetry cannot be started while it is RUNNING"],
  ])("refuses %s in the wrong status", async (action, message) => {
    await create();
    if (action === "StartApplication") await run();
    await expect(call(action, name)).rejects.toThrow(message);
  });

  it("refuses a second application of the same name, and the closed SQL runtime", async () => {
    await create();
    await expect(create()).rejects.toThrow("Application telemetry already exists");
    await expect(create({}, { ApplicationName: "old", RuntimeEnvironment: "SQL-1_0" })).rejects.toThrow(
      "RuntimeEnvironment SQL-1_0 is not carried by the local AWS; it knows FLINK-1_*",
    );
  });

  it("deletes an application with its create time only, and then knows it no more", async () => {
    await create();
    await run();
    await expect(call("DeleteApplication", { ...name, CreateTimestamp: 1 })).rejects.toThrow(
      "CreateTimestamp is not that of telemetry",
    );
    const { CreateTimestamp } = (await call("DescribeApplication", name)).ApplicationDetail;
    await call("DeleteApplication", { ...name, CreateTimestamp });
    await expect(call("DescribeApplication", name)).rejects.toThrow("Application telemetry does not exist");
  });

  it("lists applications, snapshots and operations, newest operation first", async () => {
    await create();
    await run();
    await stop();
    expect((await call("ListApplications")).ApplicationSummaries).toMatchObject([{ ApplicationName: "telemetry" }]);
    expect((await call("ListApplicationSnapshots", name)).SnapshotSummaries).toMatchObject([
      { SnapshotName: expect.stringMatching(/^STOP-telemetry-\d+$/), SnapshotStatus: "READY" },
    ]);
    await until(async () =>
      (await call("ListApplicationOperations", name)).ApplicationOperationInfoList.every(
        (one: { OperationStatus: string }) => one.OperationStatus === "SUCCESSFUL",
      ),
    );
    expect((await call("ListApplicationOperations", name)).ApplicationOperationInfoList).toMatchObject([
      { Operation: "StopApplication" },
      { Operation: "StartApplication" },
    ]);
  });

  it("says which action it does not carry", async () => {
    await expect(call("CreateApplicationPresignedUrl", name)).rejects.toThrow(
      "KinesisAnalytics_20180523.CreateApplicationPresignedUrl is not carried here",
    );
  });
});
