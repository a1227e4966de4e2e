import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

jest.setTimeout(600_000);

const tool = require(path.resolve("tools", "build-jar.js"));
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("the SQL runner's JAR", () => {
  beforeAll(async () => {
    await tool.build(() => undefined);
  });

  it("has the same bytes when it is built in another folder, time zone and umask", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "runner-"));
    try {
      for (const part of [".mvn", "pom.xml", "src"]) {
        cpSync(path.join("flink/sql-runner", part), path.join(folder, part), { recursive: true });
      }
      const maven = spawnSync("sh", ["-c", "umask 077 && mvn -B -q -ntp package"], {
        cwd: folder,
        env: { ...process.env, TZ: "Asia/Tokyo" },
        encoding: "utf8",
      });
      expect(maven.stdout).not.toContain("[ERROR]");
      expect(sha256(path.join(folder, "target", "flink-sql-runner.jar"))).toBe(sha256(tool.JAR));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("lists the table factories of both connectors, and no part of Flink's own", () => {
    const list = spawnSync("unzip", ["-Z1", tool.JAR], { encoding: "utf8" }).stdout.split("\n");
    const factories = spawnSync(
      "unzip",
      ["-p", tool.JAR, "META-INF/services/org.apache.flink.table.factories.Factory"],
      {
        encoding: "utf8",
      },
    ).stdout;
    expect(factories).toContain("org.apache.flink.streaming.connectors.kinesis.table.KinesisDynamicTableFactory");
    expect(factories).toContain("org.apache.flink.connector.firehose.table.KinesisFirehoseDynamicTableFactory");
    expect(list).toContain("redstream/sqlrunner/SqlRunner.class");
    expect(list.filter((name) => /^org\/apache\/flink\/(table\/api|api\/common)\/|\.SF$/.test(name))).toEqual([]);
  });

  it("is not built again while its sources are the same", async () => {
    const lines: string[] = [];
    await tool.build((line: string) => lines.push(line));
    expect(lines).toEqual(["flink-sql-runner.jar is up to date"]);
  });
});
