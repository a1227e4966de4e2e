import { cpSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { terraformEnvironment } from "../../local/setup/environment";
import { Terraform } from "../../local/terraform/terraform";
import { COMBINATIONS, type Combination, WITHOUT_WAREHOUSE } from "../support/combinations";
import { temporary } from "../support/programs";
import { type StackName, synthesizedStack } from "../support/stacks";
import { Applied } from "./support/applied";
import { Modules } from "./support/modules";
import { synthesizeWith } from "./support/synthesized";

/** Warehouse, engine, profile and auth: every combination is valid to the real provider and planned by it as a fresh state, each as a module of one configuration. */
const MODULES = (
  [
    ["telemetry-lake", WITHOUT_WAREHOUSE],
    ["telemetry-warehouse", COMBINATIONS],
  ] as const
).flatMap(([stack, combinations]) =>
  combinations.map(({ name, settings }, i) => ({ module: `${stack}-${i}`, stack, name, settings })),
);

let local: Applied;
let root: string;
let modules: Modules;
let terraform: Terraform;
const resources = new Map<string, readonly string[]>();
/** Addresses that the plan creates, and what else it would do. */
let planned: { readonly created: ReadonlySet<string>; readonly others: readonly string[] };

beforeAll(async () => {
  root = temporary("combinations");
  modules = new Modules(path.join(root, "all"));
  const [synthesized, started] = await Promise.all([synthesizeWith(), Applied.start("telemetry-warehouse", 1)]);
  local = started;
  // The files beside the JSON are the same in all of them; the JAR is for the prepared copy to stand in for.
  cpSync(synthesized, path.join(root, "from"), { recursive: true, filter: (file) => !file.endsWith(".jar") });
  for (const { module, stack, settings } of MODULES) addModule(module, stack, settings);
  const { gateway, setUp } = local;
  modules.write();
  terraform = new Terraform({
    folder: modules.folder,
    executable: setUp.terraform.executable,
    env: terraformEnvironment({
      folder: root,
      endpoint: gateway.endpoint,
      region: "us-east-1",
      setup: setUp.terraform.environment,
    }),
    log: path.join(root, "terraform.log"),
    progress: () => undefined,
  });
  await terraform.init();
  await terraform.validate();
  const { changes } = await terraform.plan();
  const create = changes.filter(({ actions }) => actions.join() === "create");
  planned = {
    created: new Set(create.map(({ address }) => address)),
    others: changes.filter((change) => !create.includes(change)).map(({ address, actions }) => `${actions} ${address}`),
  };
}, 900_000);
afterAll(async () => {
  await local?.stop();
  rmSync(root, { recursive: true, force: true });
});

/** One combination as a module. */
function addModule(module: string, stack: StackName, settings: Combination["settings"]): void {
  const from = path.join(root, "from");
  writeFileSync(path.join(from, "stacks", stack, "cdk.tf.json"), JSON.stringify(synthesizedStack(stack, settings)));
  const { resource } = modules.addStack(module, { stack, from, plugins: local.setUp.terraform.plugins });
  resources.set(
    module,
    Object.entries<object>(resource).flatMap(([type, named]) =>
      Object.keys(named).map((name) => `module.${module}.${type}.${name}`),
    ),
  );
}

it.each(MODULES)("$stack is planned whole, as a fresh state, with $name", ({ module }) => {
  const wanted = resources.get(module)!;
  expect(wanted.length).toBeGreaterThan(80);
  expect(wanted.filter((address) => !planned.created.has(address))).toEqual([]);
});

it("nothing else than creating them is planned", () => {
  expect(planned.others).toEqual([]);
});
