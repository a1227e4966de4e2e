import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { ensureKafka } from "../../../local/setup/kafka";

/** Programs are shell scripts of the test, in a folder that is the whole PATH. */
let folder: string;
beforeEach(() => {
  said = [];
  folder = mkdtempSync(path.join(tmpdir(), "kafka-setup-"));
  mkdirSync(path.join(folder, "bin"));
  writeFileSync(path.join(folder, "pom.xml"), "<project/>");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, script: string): void {
  const file = path.join(folder, "bin", name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
const java = (version: string) => program("java", `echo 'openjdk version "${version}"' >&2`);
let said: string[];
const ensure = (environment: Record<string, string> = {}) =>
  ensureKafka((line) => said.push(line), {
    root: folder,
    pom: path.join(folder, "pom.xml"),
    parent: { PATH: path.join(folder, "bin"), HOME: folder, ...environment },
  });

it("names the command that installs Java when there is none", async () => {
  await expect(ensure()).rejects.toThrow(
    "java is missing, which runs the Kafka broker (Java 17 or later); install it: apt-get install openjdk-17-jre-headless, or brew install openjdk@17",
  );
});

it("says that JAVA_HOME holds no Java, whatever the path has", async () => {
  java("17.0.1");
  await expect(ensure({ JAVA_HOME: "/opt/gone" })).rejects.toThrow(
    "JAVA_HOME is /opt/gone, where there is no bin/java; set it to the folder of a Java 17 or later, or unset it",
  );
});

it("says what a Java that does not work says", async () => {
  program("java", "echo 'cannot execute' >&2; exit 126");
  await expect(ensure()).rejects.toThrow("java says cannot execute, but the Kafka broker needs Java 17 or later");
});

it("says which Java is too old", async () => {
  java("11.0.2");
  await expect(ensure()).rejects.toThrow(
    'java says openjdk version "11.0.2", but the Kafka broker needs Java 17 or later; install it: apt-get install openjdk-17-jre-headless, or brew install openjdk@17',
  );
});

it("names the command that installs Maven when it is needed and not there", async () => {
  java("17.0.1");
  await expect(ensure()).rejects.toThrow(
    "mvn is missing (Maven), which fetches the Kafka broker; install it: apt-get install maven, or brew install maven",
  );
});

it("says why Maven failed, in Maven's words", async () => {
  java("17.0.1");
  program("mvn", "echo '[ERROR] no route to host'; exit 1");
  await expect(ensure()).rejects.toThrow(
    "Maven could not fetch the Kafka broker: no route to host. Check the network and Maven's settings, then start again",
  );
});

it("fetches once, and needs no Maven after that", async () => {
  java("21.0.1");
  program("mvn", "exit 0");
  const first = await ensure();
  rmSync(path.join(folder, "bin", "mvn"));
  expect(await ensure()).toEqual(first);
  expect(said).toEqual(["fetching the Kafka broker with Maven: 43 MB, once"]);
});
