import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { deadlineOf } from "../../../lambda-src/data-api/deadline";
import { readEnv } from "../../../lambda-src/run-migrations/config";
import { NO_PASSWORD_YET } from "../../../lambda-src/run-migrations/event";
import { onceGranted } from "../../../lambda-src/run-migrations/granted";
import { handler } from "../../../lambda-src/run-migrations/index";
import { ssmParameters } from "../../../lambda-src/run-migrations/parameters";
import { secretsManager } from "../../../lambda-src/run-migrations/secrets";

const named = (name: string, message = name) => Object.assign(new Error(message), { name });
const refusing = (error: Error) => ({ send: async () => Promise.reject(error) }) as unknown as SecretsManagerClient;

describe("the environment", () => {
  it("names every variable that is missing", () => {
    expect(() => readEnv({ DATABASE: "d" })).toThrow(
      "run-migrations: set either CLUSTER_IDENTIFIER or WORKGROUP_NAME, ADMIN_SECRET_ARN in the function's environment",
    );
  });

  it("names one warehouse, not two", () => {
    expect(() =>
      readEnv({ DATABASE: "d", ADMIN_SECRET_ARN: "arn", CLUSTER_IDENTIFIER: "c", WORKGROUP_NAME: "w" }),
    ).toThrow("run-migrations: set either CLUSTER_IDENTIFIER or WORKGROUP_NAME in the function's environment");
  });
});

describe("the deadline", () => {
  it("comes 15 seconds before Lambda's", () => {
    expect(deadlineOf({ getRemainingTimeInMillis: () => 20_000 }).remaining()).toBe(5000);
  });
});

describe("secrets", () => {
  it("takes a secret without a value for an empty one", async () => {
    expect(await secretsManager(refusing(named("ResourceNotFoundException"))).read("arn")).toBeUndefined();
  });

  it("lets the first value of a secret stand", async () => {
    await expect(
      secretsManager(refusing(named("ResourceExistsException"))).writeFirst("arn", "x"),
    ).resolves.toBeUndefined();
  });

  it("writes the first value of a secret under the same version id in every run", async () => {
    const inputs: { ClientRequestToken: string }[] = [];
    const client = {
      send: async (command: { input: never }) => inputs.push(command.input),
    } as unknown as SecretsManagerClient;
    await secretsManager(client).writeFirst("arn", "x");
    await secretsManager(client).writeFirst("arn", "y");
    expect(inputs[0]?.ClientRequestToken).toMatch(/^[0-9a-f]{64}$/);
    expect(inputs[1]?.ClientRequestToken).toBe(inputs[0]?.ClientRequestToken);
  });

  it("passes on that it may not", async () => {
    await expect(secretsManager(refusing(named("AccessDeniedException"))).read("arn")).rejects.toThrow(
      "AccessDeniedException",
    );
  });
});

describe("parameters", () => {
  const PARAMETER = { name: "/load/loader", keyArn: "arn:key" };
  const answering = (Value: string) => ({ send: async () => ({ Parameter: { Value } }) }) as unknown as SSMClient;

  it("takes what Terraform put there for no password", async () => {
    expect(await ssmParameters(answering(NO_PASSWORD_YET)).read(PARAMETER)).toBeUndefined();
    expect(await ssmParameters(answering("{}")).read(PARAMETER)).toBe("{}");
  });

  it("writes a SecureString under the stack's key", async () => {
    const inputs: object[] = [];
    const client = { send: async ({ input }: { input: object }) => inputs.push(input) } as unknown as SSMClient;
    await ssmParameters(client).writeFirst(PARAMETER, "x");
    expect(inputs).toEqual([
      { Name: "/load/loader", Value: "x", Type: "SecureString", KeyId: "arn:key", Overwrite: true },
    ]);
  });

  it("passes on that it may not", async () => {
    const client = refusing(named("AccessDeniedException")) as unknown as SSMClient;
    await expect(ssmParameters(client).read(PARAMETER)).rejects.toThrow("AccessDeniedException");
  });
});

describe("waiting for rights", () => {
  const plenty = { remaining: () => 600_000 };

  it("tries again while a right is not known everywhere yet", async () => {
    const naps: number[] = [];
    let refusals = 3;
    const answer = await onceGranted(
      async () => {
        if (refusals-- > 0) throw named("AccessDeniedException");
        return "in";
      },
      plenty,
      async (milliseconds) => void naps.push(milliseconds),
    );
    expect(answer).toBe("in");
    expect(naps).toEqual([3000, 3000, 3000]);
  });

  it("gives up after a minute, with AWS's own words", async () => {
    let naps = 0;
    const denied = named("SqlFailure", "User: x is not authorized to perform: secretsmanager:GetSecretValue");
    await expect(
      onceGranted(
        () => Promise.reject(denied),
        plenty,
        async () => void naps++,
      ),
    ).rejects.toBe(denied);
    expect(naps).toBe(20);
  });

  it("does not repeat any other failure", async () => {
    let naps = 0;
    await expect(
      onceGranted(
        () => Promise.reject(named("ValidationException")),
        plenty,
        async () => void naps++,
      ),
    ).rejects.toThrow("ValidationException");
    expect(naps).toBe(0);
  });
});

describe("the handler", () => {
  it("answers bad input with the message alone, no stack", async () => {
    Object.assign(process.env, { CLUSTER_IDENTIFIER: "c", DATABASE: "d", ADMIN_SECRET_ARN: "arn" });
    const error = await handler({ dataset: "Telemetry" }, {} as never).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      name: "RunError",
      message: 'dataset must be 1 to 127 lower-case letters, digits and underscores, got "Telemetry"',
      stack: 'dataset must be 1 to 127 lower-case letters, digits and underscores, got "Telemetry"',
    });
  });
});
