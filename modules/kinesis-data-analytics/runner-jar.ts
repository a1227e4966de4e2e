import { copyFileSync, existsSync, rmSync } from "node:fs";
import * as path from "node:path";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { TerraformStack } from "cdktf";
import { addCustomSynthesis } from "cdktf/lib/synthesize/synthesizer";
import { Construct } from "constructs";
import type { Bucket } from "../bucket";

const BUILT = "flink/sql-runner/target/flink-sql-runner.jar";
const FILE = "flink-sql-runner.jar";
const IN_STACK = `\${path.module}/${FILE}`;

/** The one line for a person whose JAR is missing; at synth, and by the precondition when planning. */
const JAR_MISSING = `${FILE} is not in the stack's folder; build it with "npm run build:jar" and synthesize again`;

export interface RunnerJarProps {
  /** Bucket the service reads the program from. */
  readonly bucket: Bucket;
}

/**
 * The program that runs SQL scripts on Flink, as an object in S3.
 *
 * The JAR lies under a fixed name beside the stack's JSON, which is the same with and without it: a stack is synthesized where
 * there is no Java, and its plan then stops with one line that names the command that builds the JAR.
 */
export class RunnerJar extends Construct {
  readonly object: S3Object;

  /** Name of the object. Not read off the resource: a new JAR would then make the policy that names it wait for the upload. */
  readonly key = FILE;

  constructor(scope: Construct, id: string, props: RunnerJarProps) {
    super(scope, id);
    this.object = new S3Object(this, "object", {
      bucket: props.bucket.name,
      key: FILE,
      source: IN_STACK,
      // Read only where the file exists: the precondition shall be the one error of a plan without it.
      sourceHash: `\${fileexists("${IN_STACK}") ? filemd5("${IN_STACK}") : null}`,
      // An object put before versioning is on has no version, one put before encryption another key.
      dependsOn: props.bucket.node.findAll().filter(isVersioningOrEncryption),
      lifecycle: { precondition: [{ condition: `\${fileexists("${IN_STACK}")}`, errorMessage: JAR_MISSING }] },
    });
    addCustomSynthesis(this, {
      onSynthesize: (session) => {
        const stack = session.manifest.forStack(TerraformStack.of(this));
        copyIfBuilt(path.join(session.outdir, stack.workingDirectory, FILE), TerraformStack.of(this).node.id);
      },
    });
  }
}

function isVersioningOrEncryption(
  child: unknown,
): child is S3BucketVersioningA | S3BucketServerSideEncryptionConfigurationA {
  return child instanceof S3BucketVersioningA || child instanceof S3BucketServerSideEncryptionConfigurationA;
}

function copyIfBuilt(to: string, stack: string): void {
  if (existsSync(BUILT)) {
    copyFileSync(BUILT, to);
    return;
  }
  rmSync(to, { force: true }); // of an earlier synth: it would be deployed in place of the one that is gone
  // cdktf shows what the program writes to standard error.
  process.stderr.write(`${stack}: ${JAR_MISSING}\n`);
}
