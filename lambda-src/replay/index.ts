import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { deadlineOf } from "../data-api/deadline";
import { type Clients, createClients, onAws } from "../load/world";
import { readEnv } from "./config";
import type { ReplayEvent, ReplayPlan, ReplayWork } from "./event";
import { loadHours } from "./hours";
import { plan, thaw } from "./plan";
import { s3Archive } from "./s3-archive";

let clients: Clients | undefined;

/** One step of the replay's state machine; which one stands in the event. */
export async function handler(event: ReplayEvent, context: Context): Promise<ReplayPlan | ReplayWork> {
  const config = readEnv(process.env);
  clients ??= createClients(config);
  const archive = s3Archive(clients, config);
  const answer = await step();
  const { table, hours } = answer;
  console.info(JSON.stringify({ message: "replay", step: event.step, table, hours: hours.length }));
  return answer;

  async function step(): Promise<ReplayPlan | ReplayWork> {
    switch (event.step) {
      case "plan":
        return plan(archive, config.tables, event);
      case "restore":
        return thaw(archive, config.tables, planOf(event), config.restoreDays);
      case "status":
        return thaw(archive, config.tables, planOf(event));
      case "load": {
        const ports = onAws(clients!, config, deadlineOf(context));
        const replayer = { owner: context.awsRequestId, config, newId: randomUUID };
        return loadHours(ports, archive, replayer, config.tables, event).finally(() => ports.close());
      }
      default:
        throw new Error(
          `step must be plan, restore, status or load, got ${JSON.stringify((event as { step?: unknown })?.step)}`,
        );
    }
  }
}

/** The answer is the next step's input as it stands, so the step's own name must not be in it. */
const planOf = ({ step: _, ...rest }: { readonly step: string } & ReplayPlan): ReplayPlan => rest;
