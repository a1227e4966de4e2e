import { AwsError, type LocalAws, type Service } from "../../../../local/gateway/types";
import { copyCommand, parseJdbcUrl } from "../../../../local/services/firehose/redshift-loader";
import { createFirehose } from "../../../../local/services/firehose/service";
import { callFirehose } from "./call";
import { FakeWorld, fakeAws, ROLE, until } from "./fakes";

let world: FakeWorld;
let aws: LocalAws;
let service: Service;
beforeEach(() => {
  world = new FakeWorld();
  aws = fakeAws();
  service = createFirehose(aws, world);
});
afterEach(async () => {
  await service.close?.();
});

const call = (action: string, input: unknown) => callFirehose(service, action, input);

const create = (retrySeconds = 3600) =>
  call("CreateDeliveryStream", {
    DeliveryStreamName: "load",
    RedshiftDestinationConfiguration: {
      RoleARN: ROLE,
      ClusterJDBCURL: "jdbc:redshift://c.abc.us-east-1.redshift.amazonaws.com:5439/dev",
      CopyCommand: { DataTableName: "public.laps", DataTableColumns: "speed,rpm", CopyOptions: "CSV" },
      RetryOptions: { DurationInSeconds: retrySeconds },
      SecretsManagerConfiguration: { Enabled: true, SecretARN: "arn:secret", RoleARN: ROLE },
      CloudWatchLoggingOptions: { Enabled: true, LogGroupName: "g", LogStreamName: "s" },
      S3Configuration: {
        RoleARN: ROLE,
        BucketARN: "arn:aws:s3:::staging",
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
      },
    },
  });
const put = (...texts: string[]) =>
  call("PutRecordBatch", {
    DeliveryStreamName: "load",
    Records: texts.map((text) => ({ Data: Buffer.from(text).toString("base64") })),
  });
const count = (event: string) => aws.meter.read("firehose:load", event);
const settled = () => until(() => service.pending?.() === 0);
const keys = (start: string) => [...world.objects.keys()].filter((key) => key.startsWith(start));

describe("the Redshift destination", () => {
  it("writes the file, then a manifest that names it, then loads it as the secret's user", async () => {
    await create();
    await put("1,2\n", "3,4\n");
    expect(service.pending?.()).toBe(2);
    await settled();
    const [file] = [...world.objects.keys()].filter((key) => !key.startsWith("staging/manifests/"));
    const [manifest] = keys("staging/manifests/");
    expect(world.objects.get(file!)?.toString()).toBe("1,2\n3,4\n");
    expect(JSON.parse(world.objects.get(manifest!)!.toString())).toEqual({
      entries: [{ url: `s3://${file}`, mandatory: true, meta: { content_length: 8 } }],
    });
    expect(world.sql).toEqual([
      {
        to: {
          host: "c.abc.us-east-1.redshift.amazonaws.com",
          port: 5439,
          database: "dev",
          user: "fh",
          password: "pw",
        },
        sql: `COPY public.laps (speed,rpm) FROM 's3://${manifest}' CREDENTIALS 'aws_iam_role=${ROLE}' MANIFEST CSV;`,
      },
    ]);
    expect(["received", "delivered", "copies", "loaded", "abandoned"].map(count)).toEqual([2, 2, 1, 2, 0]);
  });

  it("repeats a COPY that failed until it goes through", async () => {
    world.sqlFails = new Error("no table");
    await create();
    await put("1,2\n");
    await until(() => count("copy_failures") >= 2);
    expect(service.pending?.()).toBe(1);
    world.sqlFails = undefined;
    await settled();
    expect([count("loaded"), count("abandoned")]).toEqual([2, 0]);
    expect(new Set(world.sql.map(({ sql }) => sql)).size).toBe(1);
    expect(keys("staging/errors/")).toEqual([]);
  });

  it("gives a COPY up after the retry duration, with its manifest under errors/manifests/", async () => {
    world.sqlFails = new Error("no table");
    await create(900);
    await put("1,2\n", "3,4\n");
    await settled();
    expect(world.sql).toHaveLength(4);
    const [manifest] = keys("staging/manifests/");
    const [error] = keys("staging/errors/manifests/");
    expect(world.objects.get(error!)).toEqual(world.objects.get(manifest!));
    expect(error).toBe(manifest!.replace("staging/manifests/", "staging/errors/manifests/"));
    expect([count("abandoned"), count("loaded"), count("copy_failures")]).toEqual([2, 0, 4]);
    expect(world.logged.at(-1)?.message).toMatchObject({ errorCode: "Redshift.RetryDurationExceeded" });
  });

  it("does not retry with a retry duration of 0", async () => {
    world.sqlFails = new Error("no table");
    await create(0);
    await put("1,2\n");
    await settled();
    expect(world.sql).toHaveLength(1);
    expect(count("abandoned")).toBe(1);
  });

  it("loads what comes behind a COPY that is being repeated", async () => {
    world.sqlFails = new Error("bad file");
    await create();
    await put("1,2\n");
    await until(() => count("copy_failures") > 0);
    world.sqlFails = undefined;
    await put("3,4\n");
    await settled();
    expect(count("copies")).toBe(2);
  });

  it("reads the secret again when it is refused", async () => {
    world.connectFails = new AwsError("AuthenticationError", 'FATAL: password authentication failed for user "fh"');
    await create();
    await put("1,2\n");
    await until(() => count("copy_failures") >= 1);
    world.connectFails = undefined;
    world.secret = '{"username":"fh","password":"rotated"}';
    await settled();
    expect(world.sql.at(-1)?.to.password).toBe("rotated");
    expect(world.logged[0]?.message.errorCode).toBe("Redshift.AuthenticationFailed");
  });

  it("takes a COPY that S3 denied for what it is, and the secret for right", async () => {
    world.sqlFails = new Error("S3ServiceException:Access Denied,Status 403,Error AccessDenied,password file");
    await create();
    await put("1,2\n");
    await until(() => count("copy_failures") >= 2);
    expect(world.secretReads).toBe(1);
    expect(world.logged[0]?.message.errorCode).toBe("Redshift.CopyFailed");
  });

  it("loads everything, once, when a warehouse that was away comes back", async () => {
    world.connectFails = new AwsError("ConnectionError", "Connection to c:5439 refused: the warehouse is closed.");
    await create();
    await put("1,2\n");
    await until(() => count("copy_failures") >= 1);
    await put("3,4\n");
    await until(() => keys("staging/manifests/").length === 2);
    expect(world.logged[0]?.message.errorCode).toBe("Redshift.ConnectionFailed");
    world.connectFails = undefined;
    await settled();
    const loaded = world.sql.map(({ sql }) => /FROM 's3:\/\/([^']+)'/.exec(sql)![1]!);
    const files = loaded.flatMap((manifest) => JSON.parse(world.objects.get(manifest)!.toString()).entries);
    expect(files.map(({ url }) => world.objects.get(url.slice("s3://".length))!.toString()).sort()).toEqual([
      "1,2\n",
      "3,4\n",
    ]);
    expect([count("copies"), count("abandoned"), count("lost")]).toEqual([2, 0, 0]);
  });

  it("says what a secret must look like, and not what it holds", async () => {
    world.secret = '{"user":"fh","pass":"planted"}';
    await create(0);
    await put("1,2\n");
    await settled();
    expect(world.logged[0]?.message.message).toMatch(
      /^COPY of s3:\/\/staging\/manifests\/.* failed: The secret arn:secret must be \{"username": "\.\.\.", "password": "\.\.\."\}$/,
    );
    expect(JSON.stringify(world.logged)).not.toContain("planted");
  });
});

describe("copyCommand", () => {
  const config = {
    jdbcUrl: "",
    roleArn: ROLE,
    table: "t",
    columns: "",
    options: "",
    retrySeconds: 0,
    login: { secretArn: "" },
  };
  it("leaves out columns and options that are not configured", () => {
    expect(copyCommand(config, "s3://b/m")).toBe(`COPY t FROM 's3://b/m' CREDENTIALS 'aws_iam_role=${ROLE}' MANIFEST;`);
  });

  it("writes columns and options as they are configured", () => {
    expect(copyCommand({ ...config, columns: "a,b", options: "CSV DELIMITER '|' GZIP" }, "s3://b/m")).toBe(
      `COPY t (a,b) FROM 's3://b/m' CREDENTIALS 'aws_iam_role=${ROLE}' MANIFEST CSV DELIMITER '|' GZIP;`,
    );
  });
});

describe("parseJdbcUrl", () => {
  it("takes host, port and database apart", () => {
    expect(parseJdbcUrl("jdbc:redshift://h.example:5439/dev")).toEqual({
      host: "h.example",
      port: 5439,
      database: "dev",
    });
  });

  it.each(["redshift://h:5439/dev", "jdbc:redshift://h/dev", "jdbc:redshift://h:5439/", "jdbc:mysql://h:1/d"])(
    "does not take %s",
    (url) => {
      expect(parseJdbcUrl(url)).toBeUndefined();
    },
  );
});
