import { readFileSync } from "node:fs";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { follow, startReplay } from "../../cli/loads";
import { type FilesOutputs, putFiles, settleFiles, sumUpFiles } from "../../cli/up/files";
import { Applied, changesOf } from "./support/applied";
import { type AwsCommand, awsCommand } from "./support/aws-command";
import { leftovers, NOTHING } from "./support/leftovers";
import { multiset, sql } from "./support/records";
import { synthesizeWith } from "./support/synthesized";

const STACK = "s3-loader";
const SETTINGS = {
  loader: { auth: "ssm", maxWaitSeconds: 30, timeoutSeconds: 60, sweepMinAgeSeconds: 0, sweepEveryMinutes: 1440 },
};

let loader: Applied;
let aws: AwsCommand;
let synthesized: string;
let outputs: FilesOutputs;

beforeAll(async () => {
  [synthesized, loader] = await Promise.all([synthesizeWith(SETTINGS), Applied.start(STACK, 60)]);
  aws = await awsCommand(loader.gateway);
}, 600_000);

afterAll(() => loader?.stop());

const never = new AbortController().signal;
const rows = async () => multiset((await sql(loader, "SELECT kpi, region, value FROM public.kpis")).rows);

describe("s3-loader whose functions log in with a parameter of SSM", () => {
  it("is applied, and planned again without a change", async () => {
    const { terraform } = loader.take(synthesized);
    await terraform.init();
    await terraform.apply();
    await loader.readOutputs(terraform);
    outputs = loader.outputs as unknown as FilesOutputs;
    expect(changesOf(await terraform.plan())).toEqual([]);
  }, 600_000);

  it("has the password in its parameter, and in no state", async () => {
    const { Parameters } = await aws<{ Parameters: { Name: string; Type: string }[] }>("ssm", "describe-parameters");
    expect(Parameters).toMatchObject([{ Type: "SecureString" }]);
    const { Parameter } = await new SSMClient(loader.gateway.aws.internal).send(
      new GetParameterCommand({ Name: Parameters[0]!.Name, WithDecryption: true }),
    );
    const { username, password } = JSON.parse(Parameter!.Value!);
    expect(username).toBe("s3_loader");
    // Read once more, now that there is a password.
    await loader.apply(synthesized);
    expect(readFileSync(loader.take(synthesized).taken.prepared.state, "utf8")).not.toContain(password);
  }, 180_000);

  it("keeps what a person puts there, also under no key by name: Terraform would write an empty value behind it", async () => {
    const ssm = new SSMClient(loader.gateway.aws.internal);
    const { Parameters } = await aws<{ Parameters: { Name: string; KeyId: string }[] }>("ssm", "describe-parameters");
    const Name = Parameters[0]!.Name;
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
    const put = { Name, Type: "SecureString", Value: Parameter!.Value, Overwrite: true } as const;
    await ssm.send(new PutParameterCommand(put));
    expect(changesOf(await loader.take(synthesized).terraform.plan())).toEqual([]);
    await ssm.send(new PutParameterCommand({ ...put, KeyId: Parameters[0]!.KeyId }));
  }, 180_000);

  it("has files in their tables once, by a driver, and the bad ones set aside", async () => {
    const sent = await putFiles(loader.gateway.aws, outputs, { records: 500, seed: 7, signal: never });
    await settleFiles(loader.gateway, outputs, sent.files, () => undefined, never);
    const { checks } = await sumUpFiles(loader.gateway.aws, outputs, sent);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    const loads = await sql(loader, "SELECT DISTINCT usename FROM sys_load_history JOIN pg_user ON user_id = usesysid");
    expect(loads.rows).toEqual([["s3_loader"]]);
  }, 180_000);

  it("replays an hour to the same table", async () => {
    const before = await rows();
    const span = { table: "kpis", from: "2026-11-20T09", to: "2026-11-20T10" };
    const run = await startReplay(loader.gateway.aws.internal, outputs, span);
    await follow(loader.gateway.aws.internal, run, never);
    expect(await rows()).toEqual(before);
  }, 180_000);

  it("leaves nothing when it is destroyed", async () => {
    const { terraform, taken } = loader.take(synthesized);
    await terraform.destroy();
    expect(JSON.parse(readFileSync(taken.prepared.state, "utf8")).resources).toEqual([]);
    expect(await leftovers(loader, aws)).toEqual(NOTHING);
    expect(await aws("ssm", "describe-parameters")).toEqual({ Parameters: [] });
  }, 600_000);
});
