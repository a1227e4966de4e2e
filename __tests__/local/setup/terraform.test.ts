import { existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { ensureTerraform } from "../../../local/setup/terraform";
import { pathWith, temporary } from "../../support/programs";

/** A Terraform of some version, whose init says what it is told to say. */
function terraform({ version = "1.11.4", init = "could not connect to registry.terraform.io" } = {}): string {
  return pathWith({
    terraform: `case "$1" in
version) echo '{"terraform_version":"${version}","platform":"linux_amd64"}';;
init) echo "${init}" >&2; exit 1;;
esac`,
  });
}
const ANSWERS = Array(3).fill("no available releases match the given constraints 0.0.0").join("\n");

function mirror(types: Readonly<Record<string, string>> = { aws: "5.100.0" }): string {
  const folder = temporary("mirror");
  for (const [type, version] of Object.entries(types)) {
    mkdirSync(path.join(folder, "registry.terraform.io", "hashicorp", type, version, "linux_amd64"), {
      recursive: true,
    });
  }
  return folder;
}

interface Given {
  readonly PATH?: string;
  readonly env?: Record<string, string>;
  readonly opt?: string;
}
async function ensure({ PATH = terraform(), env = {}, opt = "/nonexistent" }: Given = {}) {
  const root = temporary("project");
  const lines: string[] = [];
  const setup = await ensureTerraform((line) => lines.push(line), {
    root,
    opt,
    parent: { PATH, HOME: "/nonexistent", ...env },
  });
  return { root, lines, setup };
}

describe("Terraform", () => {
  it("that is missing is one line with what to do", async () => {
    await expect(ensure({ PATH: pathWith({}) })).rejects.toThrow(
      "terraform is not on the PATH: install Terraform 1.5 or later (developer.hashicorp.com/terraform/install) and start again",
    );
  });

  it.each(["1.4.7", "0.15.5"])("%s is refused with the version needed", async (version) => {
    await expect(ensure({ PATH: terraform({ version }) })).rejects.toThrow(
      `Terraform 1.5 or later is needed, this is ${version}: install a newer one and start again`,
    );
  });

  it.each(["1.5.0", "1.16.0-beta1", "2.0.0"])("%s is taken", async (version) => {
    expect((await ensure({ PATH: terraform({ version, init: ANSWERS }) })).setup.version).toBe(version);
  });

  it("that is another program of that name is one line", async () => {
    await expect(ensure({ PATH: pathWith({ terraform: "echo what? >&2; exit 3" }) })).rejects.toThrow(
      '"terraform version -json" gave no version (exit code 3: what?): install Terraform 1.5 or later',
    );
  });
});

describe("the source of plugins", () => {
  it("is the registry when it answers, with a cache and no configuration but an empty one", async () => {
    const { root, setup, lines } = await ensure({ PATH: terraform({ init: ANSWERS }), opt: "/nonexistent" });
    expect(setup.plugins).toEqual({ kind: "registry" });
    expect(readFileSync(setup.environment.TF_CLI_CONFIG_FILE!, "utf8")).toBe("");
    expect(setup.environment.TF_PLUGIN_CACHE_DIR).toBe(path.join(root, ".redstream", "plugin-cache"));
    expect(existsSync(setup.environment.TF_PLUGIN_CACHE_DIR!)).toBe(true);
    expect(lines).toEqual(["Terraform 1.11.4; plugins come from Terraform's registry"]);
  });

  it("is a folder of /opt when the registry does not answer, by a configuration of our own", async () => {
    const opt = temporary("opt");
    const folder = path.join(opt, "plugins");
    mkdirSync(path.join(opt, "another"));
    mkdirSync(path.join(folder, "registry.terraform.io", "hashicorp", "aws", "5.100.0", "linux_amd64"), {
      recursive: true,
    });
    const { setup } = await ensure({ opt });
    expect(setup.plugins).toEqual({ kind: "mirror", folder, versions: { aws: ["5.100.0"] } });
    expect(readFileSync(setup.environment.TF_CLI_CONFIG_FILE!, "utf8")).toBe(`provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(folder)}
    include = ["registry.terraform.io/*/*"]
  }
  direct {
    exclude = ["registry.terraform.io/*/*"]
  }
}
`);
  });

  it("is the folder that REDSTREAM_PLUGIN_MIRROR names before anything else", async () => {
    const folder = mirror();
    const { setup } = await ensure({ PATH: terraform({ init: ANSWERS }), env: { REDSTREAM_PLUGIN_MIRROR: folder } });
    expect(setup.plugins).toEqual({ kind: "mirror", folder, versions: { aws: ["5.100.0"] } });
  });

  it("is refused where REDSTREAM_PLUGIN_MIRROR names a folder without the AWS provider", async () => {
    const folder = mirror({ random: "3.7.2" });
    await expect(ensure({ env: { REDSTREAM_PLUGIN_MIRROR: folder } })).rejects.toThrow(
      `REDSTREAM_PLUGIN_MIRROR names ${folder}, which holds no hashicorp/aws for linux_amd64: fill it with "terraform providers mirror ${folder}", or unset the variable`,
    );
  });

  it("does not mind a TF_CLI_CONFIG_FILE that names a missing file", async () => {
    const folder = mirror();
    const home = temporary("home");
    const plugins = path.join(home, ".terraform.d", "plugins");
    mkdirSync(path.join(plugins, "registry.terraform.io", "hashicorp", "aws", "5.100.0", "linux_amd64"), {
      recursive: true,
    });
    const { setup } = await ensure({ env: { TF_CLI_CONFIG_FILE: path.join(folder, "missing"), HOME: home } });
    expect(setup.plugins).toEqual({ kind: "mirror", folder: plugins, versions: { aws: ["5.100.0"] } });
  });

  it("that is nowhere is one line with the three places looked at", async () => {
    const failure = await ensure({ env: { XDG_DATA_HOME: "/nowhere/a", XDG_DATA_DIRS: "/nowhere/b" } }).catch(
      (error: Error) => error,
    );
    const message = (failure as Error).message.replace(/[^ (]*project-[^/]*/, "PROJECT");
    expect(message).toBe(
      "Terraform's plugin registry does not answer (could not connect to registry.terraform.io) and no mirror with hashicorp/aws for linux_amd64 was found: " +
        "not in REDSTREAM_PLUGIN_MIRROR (not set), not in Terraform's own plugin folders (PROJECT/terraform.d/plugins, /nonexistent/.terraform.d/plugins, " +
        "/nowhere/a/terraform/plugins, /nowhere/b/terraform/plugins), not in /nonexistent/*. " +
        'Connect to the network, or set REDSTREAM_PLUGIN_MIRROR to a folder filled with "terraform providers mirror FOLDER"',
    );
  });
});
