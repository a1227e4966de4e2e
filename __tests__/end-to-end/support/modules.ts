import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { PluginSource } from "../../../local/setup/plugins";
import { prepareCopy } from "../../../local/terraform/prepare";
import { applyNeighbours, neighbourState, variablesOf } from "./neighbour";
import type { Configuration } from "./synthesized";

/**
 * Many stacks as modules of one configuration, prepared for the local AWS as any stack is.
 *
 * Terraform starts its plugins and reads their schemas once a configuration, which takes longer than all else. The provider, which a module takes over, is that
 * of the stack that came first.
 */
export class Modules {
  private readonly calls: Record<string, Record<string, string>> = {};
  private root: Configuration;

  /** `folder` is where Terraform runs, once `write` is called; made when needed. */
  constructor(readonly folder: string) {}

  /** Takes a synthesized stack as module `name`, without what only a root may have; answers what is left. A state that it reads of another stack is made up. */
  addStack(name: string, { stack, from, plugins }: { stack: string; from: string; plugins: PluginSource }) {
    const prepared = prepareCopy({ stack, from, to: path.join(this.folder, name, "cdktf.out"), plugins });
    const { provider, terraform, output: _, ...rest } = prepared.configuration as Configuration;
    applyNeighbours(prepared, from);
    for (const [name, state] of Object.entries<Configuration>(rest.data?.terraform_remote_state ?? {})) {
      // A path from where Terraform runs, not from the module.
      state.backend = "local";
      state.config = { path: neighbourState(prepared, name) };
    }
    // It speaks of a backend, which a module has not.
    rmSync(path.join(prepared.folder, "redstream_override.tf.json"), { force: true });
    this.root ??= { provider, terraform: { required_providers: terraform.required_providers } };
    this.add(name, prepared.folder, rest, variablesOf(prepared));
    return rest;
  }

  /** Takes a configuration as it is. */
  addConfiguration(name: string, configuration: Configuration): void {
    this.add(name, path.join(this.folder, name), configuration, {});
  }

  /** Writes the root, when all modules are added; a stack must be among them. */
  write(): void {
    writeFileSync(path.join(this.folder, "main.tf.json"), JSON.stringify({ ...this.root, module: this.calls }));
  }

  private add(name: string, folder: string, configuration: Configuration, variables: Record<string, string>): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "cdk.tf.json"), JSON.stringify(configuration));
    this.calls[name] = { source: `./${path.relative(this.folder, folder)}`, ...variables };
  }
}

/** What the JSON of a plan says of one module, as if the module had been planned by itself. */
export function planOf(plan: Configuration, name: string): Configuration {
  const { format_version, terraform_version, planned_values, resource_changes, configuration } = plan;
  const start = `module.${name}.`;
  const bare = ({ module_address: _, address, ...one }: Configuration) => ({
    ...one,
    address: address.slice(start.length),
  });
  const { resources } = planned_values.root_module.child_modules.find(
    ({ address }: Configuration) => `${address}.` === start,
  );
  return {
    format_version,
    terraform_version,
    planned_values: { root_module: { resources: resources.map(bare) } },
    resource_changes: resource_changes.filter(({ address }: Configuration) => address.startsWith(start)).map(bare),
    configuration: {
      provider_config: configuration.provider_config,
      root_module: configuration.root_module.module_calls[name].module,
    },
  };
}
