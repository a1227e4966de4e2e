import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseSettings, readSettings } from "../settings";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fileWith = (content: string) => {
  const file = path.join(folder, "redstream.json");
  writeFileSync(file, content);
  return file;
};

describe("settings", () => {
  it("are complete without a file", () => {
    expect(parseSettings({}, "defaults")).toEqual({
      profile: "dev",
      region: "us-east-1",
      prefix: "redstream",
      backend: { kind: "local" },
      telemetry: {
        auth: "iam",
        accountLogging: "telemetry-warehouse",
        raw: { format: "json", backup: false },
        processed: {},
        engine: "flink",
        retentionHours: 24,
      },
      events: {
        accounts: "other",
        delivery: "firehose",
        user: { retentionHours: 24 },
        utm: { retentionHours: 24 },
        bufferingSizeMb: 5,
        bufferingIntervalSeconds: 300,
        retryDurationSeconds: 3600,
        archiveClass: "GLACIER",
        lakeFormat: "none",
        database: "tracking",
      },
      loader: { auth: "iam", dataset: "kpis", database: "kpis", archiveClass: "GLACIER" },
      orders: {
        kafka: "provisioned",
        nat: "none",
        vpn: { kind: "none" },
        vpcCidr: "10.0.0.0/16",
        topic: "orders",
        partitions: 3,
        replicationFactor: 3,
        retentionHours: 672,
        database: "main",
        adminUser: "master",
        adminPassword: "redshift",
        baseRpus: 8,
        dailyRpuHours: 192,
        lookup: "remoteState",
        producers: 5,
        ordersPerSecond: 100,
        durationSeconds: 60,
        enableTrigger: false,
      },
      warehouse: {
        kind: "provisioned",
        delivery: "firehose",
        acknowledgePublicAddress: false,
        enhancedVpcRouting: false,
        database: "telemetry",
        table: "demo_cluster_dbtable",
        copyOptions: "CSV",
        backup: false,
        retryDurationSeconds: 3600,
      },
    });
  });

  it("come from the file that REDSTREAM_SETTINGS names", () => {
    const file = fileWith('{"telemetry": {"bufferingSizeMb": 64}}');
    expect(readSettings({ REDSTREAM_SETTINGS: file }).telemetry.bufferingSizeMb).toBe(64);
  });

  it("come from a file that an editor began with a byte order mark", () => {
    const file = fileWith('\uFEFF{"region": "eu-west-1"}');
    expect(readSettings({ REDSTREAM_SETTINGS: file }).region).toBe("eu-west-1");
  });

  it("say what is missing in a backend", () => {
    expect(() => parseSettings({ backend: { kind: "hcp" } }, "f.json")).toThrow(
      "f.json: backend.organization is missing",
    );
  });

  it("refuse a named file that is not there, in one line", () => {
    const file = path.join(folder, "absent.json");
    expect(() => readSettings({ REDSTREAM_SETTINGS: file })).toThrow(
      `${file}: cannot be read (ENOENT); REDSTREAM_SETTINGS must name a JSON file`,
    );
  });

  it("refuse a half-written file, in one line", () => {
    const file = fileWith('{"telemetry": {"auth"');
    expect(() => readSettings({ REDSTREAM_SETTINGS: file })).toThrow(
      new RegExp(`^${file}: is not whole JSON \\([^\n]+\\)$`),
    );
  });

  it.each([
    [{ profile: "test" }, 'f: profile must be one of dev, prod, got "test"'],
    [{ telemetry: { auth: "basic" } }, 'f: telemetry.auth must be one of iam, apiKey, cognito, none, got "basic"'],
    [
      { telemetry: { auth: ["iam", "apiKey"] } },
      'f: telemetry.auth must be one of iam, apiKey, cognito, none, got ["iam","apiKey"]',
    ],
    [{ telemetry: { bufferingSizeMb: "5" } }, 'f: telemetry.bufferingSizeMb must be a number, got "5"'],
    [
      { telemetry: { raw: { format: "avro" } } },
      'f: telemetry.raw.format must be one of json, parquet, orc, got "avro"',
    ],
    [
      { telemetry: { raw: { compression: "gzip" } } },
      'f: telemetry.raw.compression must be one of GZIP, UNCOMPRESSED, SNAPPY, ZLIB, NONE, got "gzip"',
    ],
    [
      { telemetry: { raw: { partitioning: ["gear"] } } },
      'f: telemetry.raw.partitioning must be an object, got ["gear"]',
    ],
    [
      { telemetry: { raw: { partitioning: { lap_gear: ".gear" } } } },
      'f: telemetry.raw.partitioning.lap_gear must be an object, got ".gear"',
    ],
    [
      { telemetry: { raw: { partitioning: { lap_gear: { expression: ".gear" } } } } },
      "f: telemetry.raw.partitioning.lap_gear.values is missing",
    ],
    [
      { telemetry: { processed: { format: "parquet" } } },
      "f: telemetry.processed.format is not a setting; see the README's table",
    ],
    [{ telemetry: { speed: 1 } }, "f: telemetry.speed is not a setting; see the README's table"],
    [{ warehouse: { kind: "both" } }, 'f: warehouse.kind must be one of provisioned, serverless, got "both"'],
    [{ warehouse: { delivery: "snowpipe" } }, 'f: warehouse.delivery must be one of firehose, loader, got "snowpipe"'],
    [
      { warehouse: { acknowledgePublicAddress: "yes" } },
      'f: warehouse.acknowledgePublicAddress must be true or false, got "yes"',
    ],
    [{ regoin: "eu-west-1" }, "f: regoin is not a setting; see the README's table"],
    [{ prefix: "Über" }, 'f: prefix must be 1 to 12 of a-z, 0-9 and -, a letter first, got "Über"'],
    [{ backend: { kind: "ftp" } }, 'f: backend.kind must be one of local, s3, hcp, got "ftp"'],
    [{ backend: "hcp" }, 'f: backend must be an object such as {"kind": "local"}, got "hcp"'],
    [{ loader: { tables: {} } }, "f: loader.tables must be a list, got {}"],
    [
      { loader: { tables: [{ name: "kpis", columns: ["kpi"], copy: { format: "xml" } }] } },
      'f: loader.tables.0.copy.format must be one of csv, json, parquet, orc, avro, delimited, got "xml"',
    ],
    [{ loader: { tables: [{ columns: [] }] } }, "f: loader.tables.0.name is missing; loader.tables.0.copy is missing"],
    [{ warehouse: [] }, "f: warehouse must be an object, got []"],
    [[], "f: the settings must be an object, got []"],
    [
      { profile: "prod" },
      "f: profile prod with a local state would leave the state on one laptop; set backend.kind to s3 or hcp",
    ],
  ])("refuse %j with one clear line", (input, message) => {
    expect(() => parseSettings(input, "f")).toThrow(new Error(message));
  });

  it("say every fault at once", () => {
    expect(() => parseSettings({ profile: "x", region: 1 }, "f")).toThrow(
      'f: profile must be one of dev, prod, got "x"; region must be text, got 1',
    );
  });
});
