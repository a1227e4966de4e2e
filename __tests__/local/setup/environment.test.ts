import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import {
  assertLoopback,
  childEnvironment,
  networkEnvironment,
  terraformEnvironment,
} from "../../../local/setup/environment";

const SECRET = "planted-secret";
const planted = {
  PATH: "/bin",
  LANG: "C.UTF-8",
  HOME: "/home/someone",
  ...Object.fromEntries(
    [
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "AWS_PROFILE",
      "AWS_CONFIG_FILE",
      "AWS_SHARED_CREDENTIALS_FILE",
      "AWS_ENDPOINT_URL_S3",
      "AWS_CA_BUNDLE",
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "TF_VAR_password",
      "TF_CLI_ARGS",
      "TF_CLI_ARGS_apply",
      "TF_TOKEN_app_terraform_io",
      "TF_WORKSPACE",
      "TF_DATA_DIR",
      "NODE_OPTIONS",
      "PYTHONPATH",
      "JAVA_TOOL_OPTIONS",
      "GITHUB_TOKEN",
      "NPM_TOKEN",
      "npm_config__authToken",
      "SOME_KEY",
    ].map((name) => [name, SECRET]),
  ),
};
const folder = () => mkdtempSync(path.join(tmpdir(), "environment-"));

describe("the environment of children", () => {
  it("lets no planted secret through to a run's child, to Terraform or to a package client", () => {
    const run = folder();
    const all = [
      childEnvironment(run, {}, planted),
      terraformEnvironment({
        folder: run,
        endpoint: "http://127.0.0.1:4566",
        region: "us-east-1",
        setup: {},
        parent: planted,
      }),
      networkEnvironment({}, planted),
    ];
    expect(JSON.stringify(all)).not.toContain(SECRET);
  });

  it("is the allow-list, what the caller adds, and what keeps a child away from accounts", () => {
    const run = folder();
    expect(childEnvironment(run, { GATEWAY_PORT: "5000" }, planted)).toEqual({
      PATH: "/bin",
      LANG: "C.UTF-8",
      GATEWAY_PORT: "5000",
      HOME: `${run}/home`,
      AWS_CONFIG_FILE: `${run}/home/.aws/config`,
      AWS_SHARED_CREDENTIALS_FILE: `${run}/home/.aws/credentials`,
      AWS_EC2_METADATA_DISABLED: "true",
      NO_PROXY: "127.0.0.1,localhost,::1",
      no_proxy: "127.0.0.1,localhost,::1",
      CHECKPOINT_DISABLE: "1",
      REDSTREAM_RUN: run,
    });
  });

  it("points the AWS files to empty ones, also when a child has written to them", () => {
    const run = folder();
    writeFileSync(childEnvironment(run, {}, planted).AWS_SHARED_CREDENTIALS_FILE!, "[default]\n");
    const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = childEnvironment(run, {}, planted);
    expect([AWS_CONFIG_FILE!, AWS_SHARED_CREDENTIALS_FILE!].map((file) => readFileSync(file, "utf8"))).toEqual([
      "",
      "",
    ]);
  });

  it("cannot be talked out of the empty AWS files by what the caller adds", () => {
    const run = folder();
    const { AWS_CONFIG_FILE, HOME } = childEnvironment(run, { AWS_CONFIG_FILE: "/etc/aws", HOME: "/root" }, planted);
    expect({ AWS_CONFIG_FILE, HOME }).toEqual({ AWS_CONFIG_FILE: `${run}/home/.aws/config`, HOME: `${run}/home` });
  });

  it("gives Terraform the keys of another account and the values of variables, where a stack is applied with them", () => {
    const common = {
      folder: folder(),
      endpoint: "http://127.0.0.1:4566",
      region: "eu-west-1",
      setup: {},
      parent: planted,
    };
    const env = terraformEnvironment({
      ...common,
      account: "111111111111",
      variables: { event_account_id: "222222222222" },
    });
    expect(env).toMatchObject({
      AWS_ACCESS_KEY_ID: "111111111111",
      AWS_SECRET_ACCESS_KEY: "test",
      TF_VAR_event_account_id: "222222222222",
    });
  });

  it("gives Terraform the test keys, the endpoint and the region", () => {
    const env = terraformEnvironment({
      folder: folder(),
      endpoint: "http://127.0.0.1:4566",
      region: "eu-west-1",
      setup: { TF_CLI_CONFIG_FILE: "/x.tfrc" },
      parent: planted,
    });
    expect(env).toMatchObject({
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "eu-west-1",
      TF_CLI_CONFIG_FILE: "/x.tfrc",
    });
  });

  it("gives a package client proxies, certificates, its own settings and the user's HOME, and keeps loopback direct", () => {
    const parent = {
      ...planted,
      HTTPS_PROXY: "http://proxy:3128",
      PIP_CERT: "/ca.pem",
      SSL_CERT_FILE: "/ca.pem",
      NO_PROXY: "corp",
    };
    expect(networkEnvironment({}, parent)).toEqual({
      PATH: "/bin",
      LANG: "C.UTF-8",
      HOME: "/home/someone",
      HTTPS_PROXY: "http://proxy:3128",
      PIP_CERT: "/ca.pem",
      SSL_CERT_FILE: "/ca.pem",
      NO_PROXY: "corp,127.0.0.1,localhost,::1",
      no_proxy: "corp,127.0.0.1,localhost,::1",
      CHECKPOINT_DISABLE: "1",
    });
  });

  it.each([
    "https://sts.amazonaws.com",
    "http://localhost:4566",
    "http://127.0.0.1.evil.example:80",
    "http://127.0.0.1:4566@evil.example",
    "http://127.0.0.1:4566/path",
    "http://0.0.0.0:4566",
    "http://127.0.0.1:0",
    "",
  ])("refuses the endpoint %p", (endpoint) => {
    expect(() => assertLoopback(endpoint)).toThrow(
      `the endpoint of a local run must be http://127.0.0.1:PORT, got ${JSON.stringify(endpoint)}`,
    );
  });
});
