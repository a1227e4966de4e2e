import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { readProcess } from "../../../local/runs/processes";
import { readPlan, Terraform, TerraformError, type TerraformProps } from "../../../local/terraform/terraform";
import { pathWith, temporary } from "../../support/programs";

/** A runner of a "terraform" that is a shell script. */
function runner(script: string, props: Partial<TerraformProps> = {}) {
  const folder = temporary("stack");
  const lines: string[] = [];
  const PATH = `${pathWith({ terraform: script })}:/bin:/usr/bin`;
  const terraform = new Terraform({
    folder,
    env: { PATH, AWS_ENDPOINT_URL: "http://127.0.0.1:4566" },
    log: path.join(folder, "logs", "terraform.log"),
    progress: (line) => lines.push(line),
    executable: path.join(PATH.split(":")[0]!, "terraform"),
    ...props,
  });
  return { folder, lines, terraform, log: () => readFileSync(path.join(folder, "logs", "terraform.log"), "utf8") };
}

describe("Terraform, run by us", () => {
  it.each([undefined, "https://sts.amazonaws.com"])("never applies with the endpoint %p", async (endpoint) => {
    const { terraform, folder } = runner("touch called", { env: endpoint ? { AWS_ENDPOINT_URL: endpoint } : {} });
    for (const verb of [() => terraform.apply(), () => terraform.plan(), () => terraform.destroy()]) {
      await expect(verb()).rejects.toThrow(
        `the endpoint of a local run must be http://127.0.0.1:PORT, got ${JSON.stringify(endpoint ?? "")}`,
      );
    }
    expect(existsSync(path.join(folder, "called"))).toBe(false);
  });

  it("asks nothing, prints no colours and takes the parallelism it is given", async () => {
    const { terraform, log } = runner("true", { parallelism: 4 });
    await terraform.apply();
    expect(log()).toBe("\n$ terraform apply -json -input=false -no-color -parallelism=4 -auto-approve\n");
  });

  it("gives its own diagnostics as the error, and the log's place", async () => {
    const diagnostic = JSON.stringify({
      type: "diagnostic",
      diagnostic: {
        severity: "error",
        summary: "creating S3 Bucket",
        detail: "AccessDenied: no",
        address: "aws_s3_bucket.raw",
      },
    });
    const { terraform, folder } = runner(`echo '${diagnostic}'; exit 1`);
    const error = (await terraform.apply().catch((caught) => caught)) as TerraformError;
    expect(error).toBeInstanceOf(TerraformError);
    expect(error.message).toBe(
      `terraform apply failed (exit code 1)\naws_s3_bucket.raw: creating S3 Bucket\n  AccessDenied: no\nThe whole log: ${folder}/logs/terraform.log`,
    );
  });

  it("gives what was printed where there is no diagnostic", async () => {
    const { terraform, folder } = runner("echo 'Error: no such backend' >&2; exit 1");
    await expect(terraform.init()).rejects.toThrow(
      `terraform init failed (exit code 1)\nError: no such backend\nThe whole log: ${folder}/logs/terraform.log`,
    );
  });

  it("gives the errors of a configuration that is not valid", async () => {
    const report = JSON.stringify({
      valid: false,
      diagnostics: [
        { severity: "warning", summary: "old" },
        { severity: "error", summary: "Unsupported argument" },
      ],
    });
    const { terraform } = runner(`echo '${report}'; exit 1`);
    await expect(terraform.validate()).rejects.toThrow(
      /^terraform validate failed \(exit code 1\)\nUnsupported argument\nThe whole log/,
    );
  });

  it("that cannot be started is one line", async () => {
    const { terraform } = runner("", { executable: "/nonexistent/terraform" });
    await expect(terraform.init()).rejects.toThrow(
      "terraform could not be started: spawn /nonexistent/terraform ENOENT",
    );
  });

  it("is asked once to stop, and lets it finish", async () => {
    const stop = new AbortController();
    const script = `trap 'echo interrupted >> signals' INT
echo started > started
while [ ! -e signals ]; do sleep 0.05; done
sleep 0.3
exit 1`;
    const { terraform, folder } = runner(script, { signal: stop.signal });
    const applying = terraform.apply().catch((error: Error) => error.message);
    while (!existsSync(path.join(folder, "started"))) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    expect(await applying).toContain("terraform apply was stopped");
    expect(readFileSync(path.join(folder, "signals"), "utf8")).toBe("interrupted\n");
    await expect(terraform.destroy()).rejects.toThrow("terraform destroy was not started: the run is being stopped");
  });

  it("is killed with its plugins when it does not stop", async () => {
    const stop = new AbortController();
    const script = `trap '' INT
sh -c 'trap "" INT; echo $$ > plugin; while true; do sleep 0.1; done' &
while true; do sleep 0.1; done`;
    const { terraform, folder, lines } = runner(script, { signal: stop.signal, graceMs: 100 });
    const applying = terraform.apply().catch((error: Error) => error.message);
    const plugin = path.join(folder, "plugin");
    while (!existsSync(plugin) || readFileSync(plugin, "utf8") === "")
      await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    expect(await applying).toContain("terraform apply was stopped");
    expect(lines).toEqual([
      "stopping Terraform: it finishes what it is at",
      "Terraform did not stop in time: killing it",
    ]);
    expect(readProcess(Number(readFileSync(plugin, "utf8")))).toBeUndefined();
  });
});

describe("a plan", () => {
  const change = (actions: string[], before: unknown, after: unknown, after_unknown: unknown = {}) => ({
    actions,
    before,
    after,
    after_unknown,
  });

  it("names what would change, attribute by attribute, and passes over reads and no-ops", () => {
    const plan = readPlan(
      JSON.stringify({
        resource_changes: [
          { address: "a.same", mode: "managed", type: "a", change: change(["no-op"], { x: 1 }, { x: 1 }) },
          { address: "data.a.read", mode: "data", type: "a", change: change(["read"], null, {}) },
          {
            address: "a.b",
            mode: "managed",
            type: "a",
            change: change(
              ["update"],
              { x: 1, y: [1], z: { k: 1 } },
              { x: 1, y: [2] },
              { z: { k: true }, tags: {}, x: false },
            ),
          },
        ],
        output_changes: { same: { actions: ["no-op"] }, url: { actions: ["update"] } },
      }),
    );
    expect(plan).toEqual({
      changes: [
        {
          address: "a.b",
          type: "a",
          actions: ["update"],
          attributes: ["y", "z"],
          before: { x: 1, y: [1], z: { k: 1 } },
          after: { x: 1, y: [2] },
        },
      ],
      drift: [],
      outputs: ["url"],
    });
  });

  it("without a change is empty", () => expect(readPlan("{}")).toEqual({ changes: [], drift: [], outputs: [] }));
});
