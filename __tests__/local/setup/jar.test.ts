import * as path from "node:path";
import { ensureJar } from "../../../local/setup/jar";
import { pathWith } from "../../support/programs";

const tool = require(path.resolve("tools", "build-jar.js"));

afterEach(() => jest.restoreAllMocks());

describe("ensureJar", () => {
  it("answers the JAR that is there when its sources have not changed", async () => {
    jest.spyOn(tool, "isCurrent").mockReturnValue(true);
    expect(await ensureJar(() => undefined)).toEqual({ path: tool.JAR });
  });

  it("builds where Java and Maven are", async () => {
    jest.spyOn(tool, "isCurrent").mockReturnValue(false);
    jest.spyOn(tool, "missingTools").mockReturnValue(undefined);
    const build = jest.spyOn(tool, "build").mockResolvedValue("built.jar");
    const progress = () => undefined;
    expect(await ensureJar(progress)).toEqual({ path: "built.jar" });
    expect(build).toHaveBeenCalledWith(progress);
  });

  it("says what is missing, and that a placeholder is used", async () => {
    jest.spyOn(tool, "isCurrent").mockReturnValue(false);
    jest.spyOn(tool, "missingTools").mockReturnValue("mvn is missing");
    const lines: string[] = [];
    expect(await ensureJar((line) => lines.push(line))).toEqual({ missing: "mvn is missing" });
    expect(lines).toEqual([
      "mvn is missing. Until then a placeholder stands for the JAR in the local copy; the embedded engine evaluates the SELECT",
    ]);
  });

  it("takes a failed build for an error", async () => {
    jest.spyOn(tool, "isCurrent").mockReturnValue(false);
    jest.spyOn(tool, "missingTools").mockReturnValue(undefined);
    jest.spyOn(tool, "build").mockRejectedValue(new Error("mvn package failed"));
    await expect(ensureJar(() => undefined)).rejects.toThrow("mvn package failed");
  });
});

describe("build:jar", () => {
  it("names javac and the command that installs it where there is none", () => {
    expect(tool.missingTools({ PATH: path.resolve("no-such-folder") })).toBe(
      "javac is missing (a JDK, 11 or later); install it: apt-get install openjdk-17-jdk-headless, or brew install openjdk@17",
    );
  });

  it("says why Maven does not start, in Maven's words", () => {
    const scripts = {
      javac: "echo javac 17.0.1",
      mvn: "echo 'The JAVA_HOME environment variable is not defined correctly,' >&2; exit 1",
    };
    expect(tool.missingTools({ PATH: pathWith(scripts), JAVA_HOME: "/nowhere" })).toBe(
      "mvn does not start: The JAVA_HOME environment variable is not defined correctly; JAVA_HOME is /nowhere",
    );
  });

  it("knows its sources by one hash", () => {
    expect(tool.sourcesHash()).toMatch(/^[0-9a-f]{64}$/);
    expect(tool.sourcesHash()).toBe(tool.sourcesHash());
  });
});
