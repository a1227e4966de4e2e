import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { runCommand } from "../../../local/setup/command";
import { childEnvironment, networkEnvironment, TEST_KEYS } from "../../../local/setup/environment";
import { SetupError } from "../../../local/setup/problem";
import { temporary } from "../../support/programs";
import { Started } from "./command";

const tool = require(path.resolve("tools", "build-jar.js")) as {
  readonly JAR: string;
  build(progress: (line: string) => void): Promise<string>;
};

/** Flink's own class path, which the service brings: what the runner's pom calls provided, as Maven resolves it. */
async function flinkClassPath(): Promise<string> {
  const file = path.join(temporary("classpath"), "classpath");
  const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:build-classpath";
  const args = ["-B", "-q", "-ntp", goal, `-Dmdep.outputFile=${file}`];
  const { code, missing, stdout } = await runCommand("mvn", args, {
    cwd: "flink/sql-runner",
    env: networkEnvironment(),
  });
  if (missing) throw new SetupError("mvn is missing (Maven); install it: apt-get install maven, or brew install maven");
  if (code !== 0) throw new Error(`mvn ${goal} failed: ${stdout}`);
  return readFileSync(file, "utf8").trim();
}

/** What a table needs to find the local AWS instead of the real one. */
const options = (endpoint: string) =>
  Object.entries({
    "aws.endpoint": endpoint,
    "aws.credentials.provider": "BASIC",
    "aws.credentials.basic.accesskeyid": TEST_KEYS.accessKeyId,
    "aws.credentials.basic.secretkey": TEST_KEYS.secretAccessKey,
  })
    .map(([name, value]) => `,\n  '${name}' = '${value}'`)
    .join("");

/**
 * Starts the built JAR with an application's properties on a Flink mini-cluster, as the service would on its own: one process, the real
 * connectors, the local endpoint. It reads until it is ended.
 */
export async function startFlink(properties: Readonly<Record<string, string>>, endpoint: string): Promise<Started> {
  const [jar, classPath] = [await tool.build(() => undefined), await flinkClassPath()];
  const here = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      /^\s*(--[^\n]*\n\s*)*CREATE TABLE/.test(value)
        ? value.trimEnd().replace(/\)$/, `${options(endpoint)}\n)`)
        : value,
    ]),
  );
  const folder = temporary("flink");
  const file = path.join(folder, "application_properties.json");
  writeFileSync(file, JSON.stringify([{ PropertyGroupId: "SqlRunner", PropertyMap: here }]));
  const java = ["-Xmx1g", "-XX:ActiveProcessorCount=1", "--add-opens=java.base/java.util=ALL-UNNAMED"];
  const program = [
    `-Dredstream.properties=${file}`,
    "-cp",
    `${jar}${path.delimiter}${classPath}`,
    "redstream.sqlrunner.SqlRunner",
  ];
  // The connector would speak CBOR, which the emulator does not.
  return new Started("java", [...java, ...program], { env: childEnvironment(folder, { AWS_CBOR_DISABLE: "true" }) });
}
