import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir, hostname, tmpdir, userInfo } from "node:os";
import * as path from "node:path";
import { checkTypes } from "../../local/inert";
import { terraformEnvironment } from "../../local/setup/environment";
import { Terraform } from "../../local/terraform/terraform";
import { temporary } from "../support/programs";
import { type Configuration, configurationOf, STACKS, stacksOf, synthesizeWith } from "./support/synthesized";

let folder: string;
let again: string;

beforeAll(async () => {
  folder = await synthesizeWith();
  again = await synthesizeWith();
}, 120_000);

/** Those with functions. */
const WITH_ZIPS = STACKS.filter((stack) => stack !== "event-monitor");

/** Every file under a folder, by its path there. */
const filesOf = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();

describe("the synthesized folder", () => {
  it("holds every stack that is tested here, and no other", () => {
    expect(stacksOf(folder)).toEqual(STACKS);
  });

  it("is the same, byte for byte, wherever it is written", () => {
    const content = (root: string) =>
      Object.fromEntries(filesOf(root).map((file) => [file, readFileSync(path.join(root, file), "base64")]));
    expect(content(again)).toEqual(content(folder));
  });

  it.each(STACKS)("of %s names nothing of this machine and no absolute path", (stack) => {
    const ofMachine = [process.cwd(), homedir(), tmpdir(), hostname(), userInfo().homedir].filter((s) => s.length > 3);
    const inside = path.join(folder, "stacks", stack);
    const found = filesOf(inside)
      .filter((file) => !file.endsWith(".jar"))
      .flatMap((file) => {
        const text = readFileSync(path.join(inside, file), "utf8");
        return ofMachine.filter((name) => text.includes(name)).map((name) => `${file}: ${name}`);
      });
    expect(found).toEqual([]);
    const strings: string[] = [];
    collect(configurationOf(folder, stack), strings);
    expect(
      strings.filter((text) => /(^|[^\w.}*/:-])\/(home|root|tmp|usr|var|work|opt|Users|private)\//.test(text)),
    ).toEqual([]);
    expect(strings.filter((text) => /^[A-Za-z]:\\/.test(text))).toEqual([]);
  });

  it.each(STACKS)("of %s keeps its state outside, by a relative path", (stack) => {
    expect(configurationOf(folder, stack).terraform.backend).toEqual({
      local: { path: `../../../.terraform-state/${stack}/terraform.tfstate` },
    });
  });

  it.each(STACKS)("of %s has no type that the local AWS neither carries nor names as inert", (stack) => {
    expect(() => checkTypes(configurationOf(folder, stack))).not.toThrow();
  });

  it.each(STACKS)("of %s ignores no change: what differs in a second plan is shown", (stack) => {
    const blocks = Object.values<Configuration>(configurationOf(folder, stack).resource).flatMap((byName) =>
      Object.values<Configuration>(byName),
    );
    const ignored = blocks.flatMap((block) => block.lifecycle?.ignore_changes ?? []);
    // AWS enlarges the brokers' volumes by itself, as it is told to in the same stack.
    const growing = ["broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size"];
    expect(ignored).toEqual(stack === "orders-infra" ? growing : []);
  });
});

/**
 * The rule behind the zips: a data source that waits for a resource which is replaced with its source is read in that apply. It is shown
 * with Terraform's own data source in the place of `archive_file`, so that it does not hang on a plugin.
 */
describe("the zip of a handler", () => {
  it.each(WITH_ZIPS)(
    "of %s is read in the apply whenever its source is new, and in the plan when it is not",
    async (stack) => {
      const { data, resource } = configurationOf(folder, stack);
      const zips = Object.entries<Configuration>(data.archive_file);
      expect(zips.length).toBeGreaterThan(0);
      const run = temporary("zips");
      const working = path.join(run, "stack");
      cpSync(path.join(folder, "stacks", stack, "assets"), path.join(working, "assets"), { recursive: true });
      writeFileSync(
        path.join(working, "main.tf.json"),
        JSON.stringify({
          data: {
            terraform_remote_state: Object.fromEntries(
              zips.map(([name, { depends_on }]) => [
                name,
                { backend: "local", config: { path: "none" }, defaults: {}, depends_on },
              ]),
            ),
          },
          resource: {
            terraform_data: Object.fromEntries(
              Object.entries<Configuration>(resource.terraform_data).filter(([name]) =>
                zips.some(([, { depends_on }]) => depends_on.includes(`terraform_data.${name}`)),
              ),
            ),
          },
        }),
      );
      writeFileSync(
        path.join(working, "none"),
        JSON.stringify({ version: 4, serial: 1, lineage: "x", outputs: {}, resources: [] }),
      );
      const env = terraformEnvironment({ folder: run, endpoint: "http://127.0.0.1:1", region: "us-east-1", setup: {} });
      const terraform = new Terraform({ folder: working, env, log: path.join(run, "log"), progress: () => undefined });
      const readsInApply = () => {
        const shown = execFileSync("terraform", ["show", "-json", "redstream.tfplan"], {
          cwd: working,
          env,
          encoding: "utf8",
        });
        return (JSON.parse(shown).resource_changes as Configuration[])
          .filter(({ mode }) => mode === "data")
          .map(({ name }) => name)
          .sort();
      };
      const names = zips.map(([name]) => name).sort();
      await terraform.init();
      await terraform.plan();
      expect(readsInApply()).toEqual(names);
      await terraform.apply("redstream.tfplan");
      await terraform.plan();
      expect(readsInApply()).toEqual([]);
      const sources = zips.map(([, { source_file }]) => path.join(working, source_file.replace("${path.module}/", "")));
      for (const source of sources) writeFileSync(source, "exports.handler = () => 1;\n");
      await terraform.plan();
      expect(readsInApply()).toEqual(names);
    },
    120_000,
  );
});

function collect(value: Configuration, into: string[]): void {
  if (typeof value === "string") into.push(value);
  else if (value !== null && typeof value === "object") for (const item of Object.values(value)) collect(item, into);
}
