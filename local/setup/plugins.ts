import { lstatSync, readdirSync, statSync } from "node:fs";
import * as path from "node:path";

/** Providers of one mirror for one platform: name (`aws`) to the versions it holds. */
export type ProviderVersions = Readonly<Record<string, readonly string[]>>;

/** Where `terraform init` takes its plugins from. */
export type PluginSource =
  | { readonly kind: "registry" }
  | { readonly kind: "mirror"; readonly folder: string; readonly versions: ProviderVersions };

/** True if `hashicorp/<name>` is to be had from `source`, in exactly `version` where one is given. */
export function hasProvider(source: PluginSource, name: string, version?: string): boolean {
  if (source.kind === "registry") return true;
  const versions = source.versions[name] ?? [];
  return version === undefined ? versions.length > 0 : versions.includes(version);
}

/** One line for a person: which providers the source has. */
export function describeSource(source: PluginSource): string {
  if (source.kind === "registry") return "plugins come from Terraform's registry";
  const held = (name: string) => `${name} ${source.versions[name]?.join(", ") ?? "no"}`;
  return `plugins come from the mirror ${source.folder} (${["aws", "random", "archive"].map(held).join("; ")})`;
}

/** Host and namespace of the providers we use, as a mirror's folders have them. */
const REGISTRY_FOLDER = "registry.terraform.io";
const NAMESPACE = "hashicorp";

/**
 * Reads a mirror in either of Terraform's layouts: unpacked (`HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/`) or packed
 * (`HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_OS_ARCH.zip`). As Terraform, it does not follow a link at the type's place.
 */
export function readMirror(folder: string, platform: string): ProviderVersions {
  const base = path.join(folder, REGISTRY_FOLDER, NAMESPACE);
  const versions: Record<string, string[]> = {};
  for (const type of list(base)) {
    if (!isFolder(path.join(base, type), lstatSync)) continue;
    const packed = new RegExp(`^terraform-provider-${type.replace(/[^\w-]/g, "")}_(.+)_${platform}\\.zip$`);
    const found = list(path.join(base, type)).flatMap((entry) => {
      if (isFolder(path.join(base, type, entry, platform), statSync)) return [entry];
      return packed.exec(entry)?.[1] ?? [];
    });
    if (found.length > 0) versions[type] = [...new Set(found)].sort();
  }
  return versions;
}

/**
 * The folders Terraform itself takes for mirrors without being told ("implied local mirror directories" in its documentation of the CLI
 * configuration), then folders of /opt that look like one.
 */
export function usualMirrors(
  cwd: string,
  environment: Readonly<NodeJS.ProcessEnv>,
  os: NodeJS.Platform = process.platform,
  opt = "/opt",
): { readonly implied: readonly string[]; readonly opt: readonly string[] } {
  const home = environment.HOME ?? "";
  const data = environment.XDG_DATA_HOME || path.join(home, ".local", "share");
  const shared = (environment.XDG_DATA_DIRS || "/usr/local/share:/usr/share").split(":").filter(Boolean);
  const ofSystem =
    os === "darwin"
      ? [path.join(home, "Library", "Application Support", "io.terraform"), "/Library/Application Support/io.terraform"]
      : [data, ...shared].map((folder) => path.join(folder, "terraform"));
  return {
    implied: [
      path.join(cwd, "terraform.d", "plugins"),
      path.join(home, ".terraform.d", "plugins"),
      ...ofSystem.map((folder) => path.join(folder, "plugins")),
    ],
    opt: list(opt)
      .map((name) => path.join(opt, name))
      .filter((folder) => isFolder(path.join(folder, REGISTRY_FOLDER), statSync)),
  };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function isFolder(place: string, stat: typeof statSync | typeof lstatSync): boolean {
  try {
    return stat(place).isDirectory();
  } catch {
    return false;
  }
}
