import type { LocalAws, Service, SqlTarget } from "../../../../local/gateway/types";
import { createFirehose } from "../../../../local/services/firehose/service";
import { Fixture, rowsOf } from "../../warehouse/support";
import { callFirehose } from "./call";
import { FakeWorld, fakeAws, until } from "./fakes";

/** A delivery stream and a real warehouse: what is lost on the way to the table lies ready to be loaded by hand. */

const ROLE = "arn:aws:iam::000000000000:role/firehose";
let world: FakeWorld;
let aws: LocalAws;
let service: Service;
let warehouse: Fixture;
beforeEach(async () => {
  warehouse = await new Fixture().open();
  await warehouse.admin.run("CREATE USER fh PASSWORD 'Secret12345'");
  world = new FakeWorld();
  world.secret = '{"username":"fh","password":"Secret12345"}';
  world.connect = async (to: SqlTarget) => {
    if (world.connectFails) throw world.connectFails;
    const session = await warehouse.warehouse.login(to.database, to.user, to.password);
    return {
      run: (sql) => {
        copyObjects();
        return session.run(sql);
      },
      close: () => session.close(),
    };
  };
  aws = fakeAws();
  service = createFirehose(aws, world);
  await callFirehose(service, "CreateDeliveryStream", {
    DeliveryStreamName: "load",
    RedshiftDestinationConfiguration: {
      RoleARN: ROLE,
      ClusterJDBCURL: "jdbc:redshift://w.local:5439/dev",
      CopyCommand: { DataTableName: "laps", DataTableColumns: "speed,gear", CopyOptions: "CSV" },
      RetryOptions: { DurationInSeconds: 600 },
      SecretsManagerConfiguration: { Enabled: true, SecretARN: "arn:secret", RoleARN: ROLE },
      CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "g", LogStreamName: "s" },
      S3Configuration: {
        RoleARN: ROLE,
        BucketARN: "arn:aws:s3:::bucket",
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
      },
    },
  });
});
afterEach(async () => {
  await service.close?.();
  await warehouse.close();
});

/** What the delivery stream wrote is what COPY reads. */
const copyObjects = () => {
  warehouse.objects = Object.fromEntries([...world.objects].map(([key, body]) => [key.slice("bucket/".length), body]));
};
const put = (...lines: string[]) =>
  callFirehose(service, "PutRecordBatch", {
    DeliveryStreamName: "load",
    Records: lines.map((line) => ({ Data: Buffer.from(`${line}\n`).toString("base64") })),
  });
const settled = () => until(() => service.pending?.() === 0);
const count = (event: string) => aws.meter.read("firehose:load", event);
const manifests = () => [...world.objects.keys()].filter((key) => key.startsWith("bucket/errors/manifests/"));

it("a COPY that Firehose gave up loads the same rows by the manifest under errors/manifests/", async () => {
  await put("201.5,7", "202,8");
  await settled();
  expect([count("loaded"), count("abandoned"), count("copies")]).toEqual([0, 2, 0]);
  expect(count("copy_failures")).toBeGreaterThan(1);
  expect(world.logged.at(-1)?.message).toMatchObject({ errorCode: "Redshift.RetryDurationExceeded" });
  expect(manifests()).toHaveLength(1);

  await warehouse.admin.run("CREATE TABLE laps (speed float, gear integer)");
  copyObjects();
  await warehouse.admin.run(
    `COPY laps (speed,gear) FROM 's3://${manifests()[0]}' CREDENTIALS 'aws_iam_role=${ROLE}' MANIFEST CSV`,
  );
  expect(await rowsOf(warehouse.admin, "SELECT speed, gear FROM laps ORDER BY speed")).toEqual([
    [201.5, 7],
    [202, 8],
  ]);
});

it("a warehouse that is away and comes back gets every row, once", async () => {
  await warehouse.admin.run("CREATE TABLE laps (speed float, gear integer)");
  await warehouse.admin.run("GRANT INSERT ON laps TO fh");
  await put("200,1");
  await settled();
  world.connectFails = Object.assign(new Error("the warehouse is closed"), { code: "ConnectionError" });
  await put("201,2", "202,3");
  await until(() => count("copy_failures") > 0);
  world.connectFails = undefined;
  await settled();
  expect(await rowsOf(warehouse.admin, "SELECT speed, gear FROM laps ORDER BY speed")).toEqual([
    [200, 1],
    [201, 2],
    [202, 3],
  ]);
  expect([count("received"), count("delivered"), count("loaded"), count("abandoned"), count("lost")]).toEqual([
    3, 3, 3, 0, 0,
  ]);
  expect(manifests()).toEqual([]);
});
