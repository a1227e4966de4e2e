import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { PreparedStack } from "../../../local/terraform/prepare";
import { configurationOf } from "./synthesized";

/** Values by the ends of their outputs' names, as AWS writes them: for a plan that must not wait until the other stack is applied. */
const VALUES: readonly (readonly [RegExp, string | number])[] = [
  [/iam_role.*arn$/, "arn:aws:iam::222222222222:role/copy"],
  [/kms_key.*arn$/, "arn:aws:kms:us-east-1:222222222222:key/4d5c7a0e-8f59-4a30-8d43-7f2b0c0c7a11"],
  [/secret.*arn$/, "arn:aws:secretsmanager:us-east-1:222222222222:secret:loader-AbCdEf"],
  [/port$/, 5439],
  [/(dns_name|endpoint.*address.*)$/, "warehouse.abc.us-east-1.redshift.amazonaws.com"],
  [/account_id$/, "222222222222"],
  [/hex$/, "a1b2c3"],
];

/**
 * Gives a prepared stack that reads another one's state such a state, with a value of its kind for each output, as if the other were applied. Nothing to do
 * for a stack that reads none.
 */
export function applyNeighbours(prepared: PreparedStack, synthesized: string): void {
  const data = prepared.configuration.data as { terraform_remote_state?: object };
  for (const name of Object.keys(data.terraform_remote_state ?? {})) {
    const outputs = Object.fromEntries(
      Object.keys(configurationOf(synthesized, stackOf(name)).output).map((output) => {
        const value = VALUES.find(([pattern]) => pattern.test(output))?.[1] ?? "tracking";
        return [output, { value, type: typeof value }];
      }),
    );
    const file = neighbourState(prepared, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ version: 4, serial: 1, lineage: name, outputs, resources: [] }));
  }
}

/** The state that a prepared stack reads as the data source `name`. */
export const neighbourState = ({ state }: PreparedStack, name: string): string =>
  path.join(path.dirname(state), "..", stackOf(name), "terraform.tfstate");

const stackOf = (name: string) => name.replace("cross-stack-reference-input-", "");

/** Values of the variables that a stack asks for. */
export function variablesOf({ configuration }: PreparedStack): Record<string, string> {
  return Object.fromEntries(Object.keys(configuration.variable ?? {}).map((name) => [name, "111111111111"]));
}
