import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { terraformEnvironment } from "../../local/setup/environment";
import { prepareCopy } from "../../local/terraform/prepare";
import { Terraform } from "../../local/terraform/terraform";
import { COMBINATIONS, type Combination, WITHOUT_WAREHOUSE } from "../support/combinations";
import { temporary } from "../support/programs";
import { type StackName, synthesizedStack } from "../support/stacks";
import { Applied } from "./support/applied";
import { type Configuration, synthesizeWith } from "./support/synthesized";

/**
 * Warehouse, engine, profile and auth: every combination is valid to the real provider and planned by it as a fresh state.
 *
 * Terraform starts its plugins and reads their schemas once a configuration, which takes longer than all else. So each combination is a
 * module of one configuration, and the provider, which a module takes over, is its own.
 */
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
let terraform: Terraform;
const resources = new Map<string, readonly string[]>();
/** Addresses that the plan creates, and what else it would do. */
let planned: { readonly created: ReadonlySet<string>; readonly others: readonly string[] };

beforeAll(async () => {
  root = temporary("combinations");
  const [synthesized, started] = await Promise.all([synthesizeWith(), Applied.start("telemetry-warehouse", 1)]);
  local = started;
  // The files beside the JSON are the same in all of them; the JAR is for the prepared copy to stand in for.
  cpSync(synthesized, path.join(root, "from"), { recursive: true, filter: (file) => !file.endsWith(".jar") });
  for (const { module, stack, settings } of MODULES) addModule(module, stack, settings);
  const { gateway, setUp } = local;
  writeRoot();
  terraform = new Terraform({
    folder: path.join(root, "all"),
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

/** One combination as a module: prepared for the local AWS as any stack is, without what only a root may have. */
function addModule(module: string, stack: StackName, settings: Combination["settings"]): void {
  const from = path.join(root, "from");
  const to = path.join(root, "prepared", module);
  writeFileSync(path.join(from, "stacks", stack, "cdk.tf.json"), JSON.stringify(synthesizedStack(stack, settings)));
  const { folder, configuration } = prepareCopy({ stack, from, to, plugins: local.setUp.terraform.plugins });
  const { provider: _, terraform: __, output: ___, ...rest } = configuration as Configuration;
  const place = path.join(root, "all", module);
  cpSync(folder, place, { recursive: true, filter: (file) => !file.endsWith(".tf.json") });
  writeFileSync(path.join(place, "cdk.tf.json"), JSON.stringify(rest));
  resources.set(
    module,
    Object.entries<object>(rest.resource).flatMap(([type, named]) =>
      Object.keys(named).map((name) => `module.${module}.${type}.${name}`),
    ),
  );
}

function writeRoot(): void {
  const { provider, terraform } = synthesizedStack("telemetry-warehouse");
  const { aws } = terraform.required_providers;
  const configuration = {
    terraform: { required_providers: { aws } },
    provider: { aws: provider.aws },
    module: Object.fromEntries(MODULES.map(({ module }) => [module, { source: `./${module}` }])),
  };
  mkdirSync(path.join(root, "all"), { recursive: true });
  writeFileSync(path.join(root, "all", "main.tf.json"), JSON.stringify(configuration));
}

it.each(MODULES)("$stack is planned whole, as a fresh state, with $name", ({ module }) => {
  const wanted = resources.get(module)!;
  expect(wanted.length).toBeGreaterThan(80);
  expect(wanted.filter((address) => !planned.created.has(address))).toEqual([]);
});

it("nothing else than creating them is planned", () => {
  expect(planned.others).toEqual([]);
});
