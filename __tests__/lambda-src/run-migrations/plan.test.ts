import { checksumOf } from "../../../lambda-src/run-migrations/migration";
import { plan } from "../../../lambda-src/run-migrations/plan";
import { file } from "./fakes";

const one = file("001_a.sql", "SELECT 1");
const two = file("002_b.sql", "SELECT 2");
const three = file("003_c.sql", "SELECT 3");
const recorded = ({ name, sql }: { name: string; sql: string }) => ({ name, checksum: checksumOf(sql) });

describe("planning", () => {
  it("applies what is not recorded, by number", () => {
    expect(plan([three, one, two], [recorded(one)])).toEqual({ kind: "pending", files: [two, three] });
  });

  it("has nothing to do when all is recorded", () => {
    expect(plan([one, two], [recorded(one), recorded(two)])).toEqual({ kind: "pending", files: [] });
  });

  it("refuses a recorded file that is missing", () => {
    expect(plan([one, three], [recorded(one), recorded(two)])).toEqual({
      kind: "refused",
      reason: "002_b.sql was applied to this warehouse but is not among the files; restore it",
    });
  });

  it("refuses a new file before an applied one", () => {
    const late = file("001_late.sql", "SELECT 0");
    expect(plan([late, one, two], [recorded(one), recorded(two)])).toEqual({
      kind: "refused",
      reason: "001_late.sql comes before 002_b.sql, which is already applied; give it the next free number, 003",
    });
  });

  it("names an edited file and both checksums", () => {
    const edited = file(one.name, "SELECT 10");
    expect(plan([edited], [recorded(one)])).toEqual({
      kind: "refused",
      reason: `001_a.sql was edited after it was applied: recorded checksum ${checksumOf(one.sql)}, now ${checksumOf(edited.sql)}; restore it and put the change into a new file`,
    });
  });

  it("does not take another line end for an edit", () => {
    const long = file("001_a.sql", "SELECT 1;\nSELECT 2;\n");
    expect(plan([file(long.name, "SELECT 1;\r\nSELECT 2;\r\n")], [recorded(long)])).toEqual({
      kind: "pending",
      files: [],
    });
  });
});
