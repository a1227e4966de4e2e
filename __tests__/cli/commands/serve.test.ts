import { execFileSync } from "node:child_process";
import { shellLines } from "../../../cli/commands/serve";

/** The lines as a shell takes them, after which it prints these variables. */
function taken(lines: readonly string[], env: Record<string, string>, names: readonly string[]): string[] {
  const script = [...lines, ...names.map((name) => `echo "\${${name}-unset}"`)].join("\n");
  const said = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8", env: { PATH: process.env.PATH, ...env } });
  return said.trimEnd().split("\n");
}

describe("what serve prints for a shell", () => {
  const lines = shellLines("http://127.0.0.1:4566", "eu-west-1", {
    TF_CLI_CONFIG_FILE: "/home/o'brien/my project/x.tfrc",
  });

  it("points it to the local AWS, whatever the paths hold", () => {
    const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    const names = ["AWS_ENDPOINT_URL", ...keys, "AWS_REGION", "AWS_DEFAULT_REGION", "TF_CLI_CONFIG_FILE"];
    expect(taken(lines, { AWS_DEFAULT_REGION: "us-west-2" }, names)).toEqual([
      "http://127.0.0.1:4566",
      "test",
      "test",
      "eu-west-1",
      "eu-west-1",
      "/home/o'brien/my project/x.tfrc",
    ]);
  });

  it("takes away what would send a call elsewhere", () => {
    const elsewhere = {
      AWS_PROFILE: "production",
      AWS_SESSION_TOKEN: "x",
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
      AWS_ENDPOINT_URL_S3: "https://s3.amazonaws.com",
      AWS_ENDPOINT_URL_REDSHIFT_DATA: "https://example.com",
    };
    const names = Object.keys(elsewhere);
    expect(taken(lines, elsewhere, names)).toEqual(names.map(() => "unset"));
  });

  it("keeps loopback out of a proxy, beside what the shell has", () => {
    expect(taken(lines, {}, ["NO_PROXY"])).toEqual(["127.0.0.1"]);
    expect(taken(lines, { NO_PROXY: "intranet" }, ["NO_PROXY"])).toEqual(["127.0.0.1,intranet"]);
  });
});
