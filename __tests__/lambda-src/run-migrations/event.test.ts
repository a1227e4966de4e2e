import { readEvent } from "../../../lambda-src/run-migrations/event";
import { checksumOf } from "../../../lambda-src/run-migrations/migration";
import { loader, role } from "./fakes";

const migration = (name: string) => ({ name, sql: "SELECT 1", checksum: checksumOf("SELECT 1") });
const minimal = (over: object = {}) => ({
  dataset: "telemetry",
  migrations: [migration("001_a.sql")],
  users: [loader],
  ...over,
});

describe("the event", () => {
  it("is read whole, files in order", () => {
    const { dataset, migrations, users } = readEvent(
      minimal({ migrations: [migration("002_b.sql"), migration("001_a.sql")] }),
    );
    expect(dataset).toBe("telemetry");
    expect(migrations.map(({ name }) => name)).toEqual(["001_a.sql", "002_b.sql"]);
    expect(users).toEqual([loader]);
  });

  it("names users that log in by IAM, without a secret", () => {
    expect(readEvent(minimal({ users: [loader, role] })).users).toEqual([loader, role]);
  });

  it("may come without users and checksums", () => {
    expect(readEvent({ dataset: "telemetry", migrations: [{ name: "001_a.sql", sql: "SELECT 1" }] }).users).toEqual([]);
  });

  it.each([
    ["no object", null, "the event must be an object"],
    [
      "no dataset",
      minimal({ dataset: undefined }),
      "dataset must be 1 to 127 lower-case letters, digits and underscores, got undefined",
    ],
    [
      "a dataset with a quote",
      minimal({ dataset: "a'b" }),
      `dataset must be 1 to 127 lower-case letters, digits and underscores, got "a'b"`,
    ],
    ["no list of migrations", minimal({ migrations: {} }), "migrations must be a list"],
    [
      "a badly named file",
      minimal({ migrations: [migration("1_a.sql")] }),
      'migrations[0].name must be three digits, then lower-case words joined by underscores, such as 001_create_table.sql, got "1_a.sql"',
    ],
    ["a file without text", minimal({ migrations: [{ name: "001_a.sql" }] }), "migrations[0].sql must be a string"],
    [
      "a checksum of another text",
      minimal({ migrations: [{ ...migration("001_a.sql"), checksum: "abc" }] }),
      `001_a.sql: the given checksum "abc" is not that of its text, ${checksumOf("SELECT 1")}`,
    ],
    [
      "a gap",
      minimal({ migrations: [migration("001_a.sql"), migration("003_c.sql")] }),
      "002 is missing: the next file is 003_c.sql",
    ],
    [
      "a start above 1",
      minimal({ migrations: [migration("002_b.sql")] }),
      "001 is missing: the next file is 002_b.sql",
    ],
    [
      "a number used twice",
      minimal({ migrations: [migration("001_a.sql"), migration("001_b.sql")] }),
      "001_a.sql and 001_b.sql have the same number",
    ],
    [
      "a user without a name",
      minimal({ users: [{ ...loader, name: "" }] }),
      "users[0].name must be a database user's name",
    ],
    ["a user without a secret", minimal({ users: [{ name: "u" }] }), "users[0].secretArn must be a secret's ARN"],
    [
      "a secret for a user that has no password",
      minimal({ users: [{ ...role, secretArn: "arn:secret" }] }),
      "users[0].secretArn must be left out: IAMR:load-a1 logs in by IAM and has no password",
    ],
    [
      "a grant of everything",
      minimal({ users: [{ ...loader, grants: [{ schema: "public", table: "t", privileges: ["ALL"] }] }] }),
      'users[0].grants[0].privileges must be of SELECT, INSERT, DELETE, got "ALL"',
    ],
  ])("is refused with %s", (_, event, message) => {
    expect(() => readEvent(event)).toThrow(new Error(message));
  });
});
