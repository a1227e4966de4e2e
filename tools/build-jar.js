/**
 * `npm run build:jar`: builds flink/sql-runner/target/flink-sql-runner.jar with Maven, tests included. Does nothing when the JAR there
 * was made from the same sources (their hash lies beside it). Also a module: local/setup/jar.ts builds with the same code.
 */
const { spawn, spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const FOLDER = path.resolve(__dirname, "..", "flink", "sql-runner");
const TARGET = path.join(FOLDER, "target");
const JAR = path.join(TARGET, "flink-sql-runner.jar");
const HASH = path.join(TARGET, "sources.sha256");
const OLDEST_JAVA = 11;

/** SHA-256 over path and bytes of all that makes the JAR, in the same order everywhere. */
function sourcesHash() {
  const files = [
    ".mvn/jvm.config",
    "pom.xml",
    ...readdirSync(path.join(FOLDER, "src"), { recursive: true }).map((name) => `src/${name}`),
  ]
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => /\.(config|xml|java|properties)$/.test(name))
    .sort();
  const hash = createHash("sha256");
  for (const name of files)
    hash
      .update(`${name}\0`)
      .update(readFileSync(path.join(FOLDER, name)))
      .update("\0");
  return hash.digest("hex");
}

function isCurrent() {
  return existsSync(JAR) && existsSync(HASH) && readFileSync(HASH, "utf8") === sourcesHash();
}

/** What is missing to build, in one line with the command that installs it; undefined when nothing is. */
function missingTools(env = process.env) {
  const java = spawnSync("javac", ["-version"], { encoding: "utf8", env });
  if (java.error) {
    return `javac is missing (a JDK, ${OLDEST_JAVA} or later); install it: apt-get install openjdk-17-jdk-headless, or brew install openjdk@17`;
  }
  const version = Number(/javac (?:1\.)?(\d+)/.exec(`${java.stdout}${java.stderr}`)?.[1]);
  if (!(version >= OLDEST_JAVA)) {
    return `javac is ${(java.stdout || java.stderr).trim()}, but ${OLDEST_JAVA} or later is needed; install it: apt-get install openjdk-17-jdk-headless, or brew install openjdk@17`;
  }
  const maven = spawnSync("mvn", ["-version"], { encoding: "utf8", env });
  if (maven.error) return "mvn is missing (Maven); install it: apt-get install maven, or brew install maven";
  if (maven.status !== 0) {
    // A JAVA_HOME that holds no Java, most often; javac is then found on the path all the same.
    const says = `${maven.stderr}${maven.stdout}`.trim().split("\n")[0].replace(/[,.]$/, "");
    return `mvn does not start: ${says || `exit code ${maven.status}`}; JAVA_HOME is ${env.JAVA_HOME || "not set"}`;
  }
  return undefined;
}

/** Builds unless the JAR is current; `progress` gets a line now and then. Rejects with Maven's own error lines. */
function build(progress) {
  if (isCurrent()) {
    progress("flink-sql-runner.jar is up to date");
    return Promise.resolve(JAR);
  }
  const missing = missingTools();
  if (missing) return Promise.reject(new Error(missing));
  progress("building flink-sql-runner.jar with Maven (about a minute when its packages must be downloaded)");
  const hash = sourcesHash();
  return new Promise((resolve, reject) => {
    // No colours and no transfer lines: what is shown is one line a step of the build.
    const maven = spawn("mvn", ["-B", "-ntp", "-Dstyle.color=never", "clean", "package"], {
      cwd: FOLDER,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const errors = [];
    let rest = "";
    const read = (chunk) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        const step = /--- (?:maven-)?([a-z]+)(?:-plugin)?:\S+ .*@/.exec(line);
        if (step) progress(`maven: ${step[1]}`);
        if (line.startsWith("[ERROR]") && errors.length < 15) errors.push(line);
      }
    };
    maven.stdout.setEncoding("utf8").on("data", read);
    maven.stderr.setEncoding("utf8").on("data", read);
    maven.on("error", reject);
    maven.on("close", (code) => {
      if (code !== 0) return reject(new Error(`mvn package failed in flink/sql-runner:\n${errors.join("\n")}`));
      mkdirSync(TARGET, { recursive: true });
      writeFileSync(HASH, hash);
      resolve(JAR);
    });
  });
}

module.exports = { JAR, build, isCurrent, missingTools, sourcesHash };

if (require.main === module) {
  build((line) => console.log(line)).then(
    () => console.log(`built ${path.relative(process.cwd(), JAR)}`),
    (error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
