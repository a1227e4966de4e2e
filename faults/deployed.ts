import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Gateway } from "../local/gateway";
import { zipOf } from "../local/terraform/zip";

/** A function as it was applied: its code, its settings, its role. */
export interface Deployed {
  readonly name: string;
  /** File of its code: what the deployed zip holds. */
  readonly file: string;
  /** Export that is called. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly roleArn: string;
}

/**
 * Reads a function's settings from the local AWS, and finds its code in the folder of the applied stack by the hash that AWS has of its zip.
 *
 * @throws Error when the folder does not hold what was deployed
 */
export async function deployed({ aws }: Gateway, name: string, folder: string): Promise<Deployed> {
  const lambda = new LambdaClient(aws.internal);
  try {
    const { CodeSha256, Environment, Handler, Role } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: name }),
    );
    const file = codeFiles(folder).find(
      (candidate) => sha256(zipOf("index.js", readFileSync(candidate), 0o644)) === CodeSha256,
    );
    if (!file) throw new Error(`${folder} does not hold the code of ${name}`);
    return {
      name,
      file,
      handler: Handler!.slice(Handler!.lastIndexOf(".") + 1),
      environment: Environment?.Variables ?? {},
      roleArn: Role!,
    };
  } finally {
    lambda.destroy();
  }
}

const codeFiles = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file) === "index.js")
    .map((file) => path.join(folder, file));

const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("base64");
