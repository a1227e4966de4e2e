import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { withLock } from "../../tools/lock";
import { lastLine, runCommand } from "./command";
import { networkEnvironment } from "./environment";
import { SetupError } from "./problem";

/** Oldest Java that Kafka 4's broker runs on: https://kafka.apache.org/41/documentation/compatibility.html */
const OLDEST_JAVA = 17;
const INSTALL_JAVA = "apt-get install openjdk-17-jre-headless, or brew install openjdk@17";
const INSTALL_MAVEN = "apt-get install maven, or brew install maven";

export interface KafkaSetup {
  /** The program. */
  readonly java: string;
  /** For `-cp`. */
  readonly classpath: string;
}

export interface KafkaSetupOptions {
  /** The project's folder. @default the working folder */
  readonly root?: string;
  /** What names the JARs. @default local/kafka/pom.xml of the project */
  readonly pom?: string;
  /** @default the environment of this process */
  readonly parent?: Readonly<NodeJS.ProcessEnv>;
}

/**
 * Java and the JARs of an Apache Kafka broker: fetched by Maven once, into `.redstream/kafka/<hash of the pom>` (43 MB). Maven is needed only when they are not there.
 *
 * @throws SetupError with one line that names the command to install what is missing
 */
export async function ensureKafka(
  progress: (line: string) => void,
  options: KafkaSetupOptions = {},
): Promise<KafkaSetup> {
  const root = path.resolve(options.root ?? ".");
  const pom = options.pom ?? path.join(root, "local", "kafka", "pom.xml");
  const env = networkEnvironment({}, options.parent);
  const java = await findJava(env);
  const hash = createHash("sha256").update(readFileSync(pom)).digest("hex").slice(0, 16);
  const folder = path.join(root, ".redstream", "kafka", hash);
  const ready = { java, classpath: path.join(folder, "*") };
  const stamp = path.join(folder, ".complete");
  if (existsSync(stamp)) return ready;
  return withLock(
    `${folder}.lock`,
    async (hold) => {
      if (existsSync(stamp)) return ready;
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      progress("fetching the Kafka broker with Maven: 43 MB, once");
      const args = [
        "-B",
        "-q",
        "-ntp",
        "-Dstyle.color=never",
        "-f",
        pom,
        "dependency:copy-dependencies",
        `-DoutputDirectory=${folder}`,
      ];
      const done = await runCommand("mvn", args, { env, onStart: hold });
      if (done.code !== 0) {
        rmSync(folder, { recursive: true, force: true });
        if (done.missing)
          throw new SetupError(`mvn is missing (Maven), which fetches the Kafka broker; install it: ${INSTALL_MAVEN}`);
        throw new SetupError(
          `Maven could not fetch the Kafka broker: ${reasonOf(done.stdout + done.stderr)}. Check the network and Maven's settings, then start again`,
        );
      }
      writeFileSync(stamp, "");
      return ready;
    },
    (pid) => progress(`another process (${pid}) is fetching the Kafka broker: waiting for it`),
  );
}

async function findJava(env: Record<string, string>): Promise<string> {
  const java = env.JAVA_HOME ? path.join(env.JAVA_HOME, "bin", "java") : "java";
  const answer = await runCommand(java, ["-version"], { env, timeoutMs: 20_000 });
  if (answer.missing) {
    if (env.JAVA_HOME) {
      throw new SetupError(
        `JAVA_HOME is ${env.JAVA_HOME}, where there is no bin/java; set it to the folder of a Java ${OLDEST_JAVA} or later, or unset it`,
      );
    }
    throw new SetupError(
      `${java} is missing, which runs the Kafka broker (Java ${OLDEST_JAVA} or later); install it: ${INSTALL_JAVA}`,
    );
  }
  const text = answer.stderr + answer.stdout;
  const version = Number(/version "(?:1\.)?(\d+)/.exec(text)?.[1]);
  if (!(version >= OLDEST_JAVA)) {
    throw new SetupError(
      `${java} says ${lastLine(text.split("\n")[0] ?? "") || "nothing"}, but the Kafka broker needs Java ${OLDEST_JAVA} or later; install it: ${INSTALL_JAVA}`,
    );
  }
  return java;
}

const reasonOf = (text: string) =>
  text
    .split("\n")
    .find((line) => line.startsWith("[ERROR]"))
    ?.replace("[ERROR] ", "") ?? lastLine(text);
