import { createHash } from "node:crypto";
import { SqlFailure } from "../../../lambda-src/data-api/sql";
import { ensureUser } from "../../../lambda-src/run-migrations/users";
import {
  Crash,
  FakeSecrets,
  FakeWarehouse,
  interleaved,
  killedAt,
  loader,
  orders,
  placeOf,
  role,
  still,
} from "./fakes";

let warehouse: FakeWarehouse;
let secrets: FakeSecrets;
const fresh = () => {
  warehouse = new FakeWarehouse();
  secrets = new FakeSecrets();
};
beforeEach(fresh);
const ensure = () => ensureUser(warehouse, secrets, loader, still);
const stored = () => JSON.parse(secrets.texts.get(loader.secretArn) ?? "{}");

/** Whether `password` opens what the warehouse keeps, by Redshift's rule: md5 of password and user name. */
function logsIn(password: string): boolean {
  const digest = createHash("md5").update(`${password}${loader.name}`).digest("hex");
  return warehouse.users.get(loader.name) === `md5${digest}`;
}

const GRANTS = new Set([
  'GRANT USAGE ON SCHEMA "public" TO "firehose_loader"',
  'GRANT INSERT ON TABLE "public"."laps" TO "firehose_loader"',
]);

describe("the loading user", () => {
  it("gets a password of its own, kept in its secret as exactly username and password", async () => {
    await ensure();
    expect(Object.keys(stored())).toEqual(["username", "password"]);
    expect(stored().username).toBe("firehose_loader");
    expect(logsIn(stored().password)).toBe(true);
  });

  it("may use the schema and insert into its table, and no more", async () => {
    await ensure();
    expect(warehouse.grants).toEqual(GRANTS);
  });

  it("has its password in no statement", async () => {
    await ensure();
    expect(warehouse.sent.filter((statement) => statement.includes(stored().password))).toEqual([]);
  });

  it("keeps its password over further runs", async () => {
    await ensure();
    const before = stored().password;
    await ensure();
    expect(stored().password).toBe(before);
    expect(logsIn(before)).toBe(true);
  });

  it("follows a secret that was changed from outside", async () => {
    await ensure();
    secrets.texts.set(loader.secretArn, '{"username":"firehose_loader","password":"Rotated1Elsewhere"}');
    await ensure();
    expect(logsIn("Rotated1Elsewhere")).toBe(true);
  });

  it.each([
    "not json",
    '{"username":"someone_else","password":"Abcdefg1"}',
    '{"username":"firehose_loader","password":"Abcdefg1","engine":"redshift"}',
    '{"username":"firehose_loader"}',
    "null",
  ])("refuses a secret that Firehose could not use, without showing it: %s", async (text) => {
    secrets.texts.set(loader.secretArn, text);
    await expect(ensure()).rejects.toThrow(
      `user firehose_loader: secret ${loader.secretArn} must be exactly {"username": "firehose_loader", "password": "..."}; correct it, or delete the secret so that the next apply makes it new`,
    );
  });

  it("says why it cannot be set up, without the hash", async () => {
    warehouse.refuse = (statement) =>
      statement.startsWith("CREATE USER") ? `syntax error at ${statement}` : undefined;
    await expect(ensure()).rejects.toThrow(
      "user firehose_loader cannot be set up: syntax error at CREATE USER \"firehose_loader\" PASSWORD 'md5...'",
    );
  });

  it("is altered when another run creates it in between", async () => {
    const run = warehouse.transaction.bind(warehouse);
    warehouse.transaction = async (doing, statements) => {
      if (statements[0]?.startsWith("CREATE USER")) {
        warehouse.users.set(loader.name, "another run's");
        throw new SqlFailure('user "firehose_loader" already exists', 0);
      }
      return run(doing, statements);
    };
    await ensure();
    expect(logsIn(stored().password)).toBe(true);
  });

  it("converges after being killed at any moment", async () => {
    let crashes = 0;
    for (let moment = 1; ; moment += 1) {
      fresh();
      const killer = killedAt(moment);
      await ensureUser(killer.wrap(warehouse), killer.wrap(secrets), loader, still).catch((error) =>
        expect(error).toBeInstanceOf(Crash),
      );
      if (!killer.happened) break;
      crashes += 1;
      await ensure();
      expect(logsIn(stored().password)).toBe(true);
      expect(warehouse.grants).toEqual(GRANTS);
    }
    // read, write, read back, look, create, read again: two moments each.
    expect(crashes).toBe(12);
  });

  it("ends with the password of its secret when two runs set it up at once, in whatever order their calls come", async () => {
    for (const order of orders(12)) {
      fresh();
      const process = (wrap: <P extends object>(port: P) => P) =>
        ensureUser(wrap(warehouse), wrap(secrets), loader, still);
      const results = await interleaved(order, [process, process]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
      expect(logsIn(stored().password)).toBe(true);
    }
  });

  it("ends so too where the store lets a second first text replace the first", async () => {
    for (const order of orders(12)) {
      fresh();
      secrets.writeFirst = async (user, text) => void secrets.texts.set(placeOf(user), text);
      const process = (wrap: <P extends object>(port: P) => P) =>
        ensureUser(wrap(warehouse), wrap(secrets), loader, still);
      const results = await interleaved(order, [process, process]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
      expect(logsIn(stored().password)).toBe(true);
    }
  });
});

describe("a user that logs in by IAM", () => {
  const ROLE_GRANTS = new Set([
    'GRANT USAGE ON SCHEMA "public" TO "IAMR:load-a1"',
    'GRANT SELECT, INSERT, DELETE ON TABLE "public"."laps" TO "IAMR:load-a1"',
    'GRANT USAGE ON SCHEMA "redstream" TO "IAMR:load-a1"',
    'GRANT SELECT, INSERT ON TABLE "redstream"."loads" TO "IAMR:load-a1"',
  ]);
  const ensureRole = () => ensureUser(warehouse, secrets, role, still);

  it("has no password and no secret, may do what its grants say, and no more", async () => {
    await ensureRole();
    expect(warehouse.users.get(role.name)).toBe("DISABLE");
    expect(warehouse.grants).toEqual(ROLE_GRANTS);
    expect(secrets.texts.size).toBe(0);
  });

  it("gets its grants also where its first call made it before", async () => {
    warehouse.users.set(role.name, "made by the Data API");
    await ensureRole();
    expect(warehouse.users.get(role.name)).toBe("made by the Data API");
    expect(warehouse.grants).toEqual(ROLE_GRANTS);
  });

  it("converges after being killed at any moment", async () => {
    let crashes = 0;
    for (let moment = 1; ; moment += 1) {
      fresh();
      const killer = killedAt(moment);
      await ensureUser(killer.wrap(warehouse), killer.wrap(secrets), role, still).catch((error) =>
        expect(error).toBeInstanceOf(Crash),
      );
      if (!killer.happened) break;
      crashes += 1;
      await ensureRole();
      expect(warehouse.grants).toEqual(ROLE_GRANTS);
    }
    // look, create: two moments each.
    expect(crashes).toBe(4);
  });
});
