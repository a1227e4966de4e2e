import { setTimeout as sleep } from "node:timers/promises";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Context } from "aws-lambda";
import { type Deadline, deadlineOf } from "../data-api/deadline";
import { type Sql, SqlFailure } from "../data-api/sql";
import { applyMigrations } from "./apply";
import { type RunMigrationsEnv, readEnv } from "./config";
import { dataApi } from "./data-api";
import { RunError } from "./errors";
import { type RunMigrationsResult, readEvent } from "./event";
import { onceGranted } from "./granted";
import { ssmParameters } from "./parameters";
import { secretsManager } from "./secrets";
import { ensureUser, type Secrets } from "./users";

/** Lambda edge: reads the event, applies the migrations, then sets up the users. Logs names and counts, never a secret. */
export async function handler(event: unknown, context: Context): Promise<RunMigrationsResult> {
  try {
    return await run(event, context);
  } catch (error) {
    // Terraform prints what is thrown here as it is. Where a person or AWS said no, a stack trace would only hide what was said.
    if (error instanceof Error && (error instanceof RunError || error instanceof SqlFailure || "$fault" in error)) {
      error.stack = error.message;
    }
    throw error;
  }
}

async function run(event: unknown, context: Context): Promise<RunMigrationsResult> {
  const env = readEnv(process.env);
  const { dataset, migrations, users, values } = readEvent(event);
  const deadline = deadlineOf(context);
  const pause = (milliseconds: number) => sleep(milliseconds);
  const waiting = { now: () => new Date(), sleep: pause };
  const connection = {
    ...("WORKGROUP_NAME" in env
      ? { WorkgroupName: env.WORKGROUP_NAME }
      : { ClusterIdentifier: env.CLUSTER_IDENTIFIER }),
    Database: env.DATABASE,
    SecretArn: env.ADMIN_SECRET_ARN,
  };
  const sql = dataApi(new RedshiftDataClient({}), connection, deadline, pause);
  const inSecrets = secretsManager(new SecretsManagerClient({}));
  const inParameters = ssmParameters(new SSMClient({}));
  const patiently = <T>(call: () => Promise<T>) => onceGranted(call, deadline, pause);
  const secrets: Secrets = {
    read: (user) =>
      patiently(() => ("secretArn" in user ? inSecrets.read(user.secretArn) : inParameters.read(user.parameter))),
    writeFirst: (user, text) =>
      patiently(() =>
        "secretArn" in user
          ? inSecrets.writeFirst(user.secretArn, text)
          : inParameters.writeFirst(user.parameter, text),
      ),
  };

  await connect(sql, env, deadline, pause);
  const applied = await applyMigrations(sql, dataset, migrations, waiting, values);
  console.info(JSON.stringify({ dataset, applied, recorded: migrations.length }));
  for (const user of users) await ensureUser(sql, secrets, user, waiting);
  console.info(JSON.stringify({ dataset, users: users.map(({ name }) => name) }));
  return { dataset, applied, recorded: migrations.length, users: users.map(({ name }) => name) };
}

/** The first statement: the moment at which missing rights, a wrong database or a paused cluster show. */
async function connect(
  sql: Sql,
  env: RunMigrationsEnv,
  deadline: Deadline,
  pause: (milliseconds: number) => Promise<void>,
) {
  try {
    await onceGranted(() => sql.rows("connecting to the warehouse", "SELECT 1"), deadline, pause);
  } catch (error) {
    if (!(error instanceof SqlFailure)) throw error;
    const warehouse = "WORKGROUP_NAME" in env ? `workgroup ${env.WORKGROUP_NAME}` : `cluster ${env.CLUSTER_IDENTIFIER}`;
    throw new RunError(`database ${env.DATABASE} of ${warehouse} does not answer: ${error.message}`);
  }
}
