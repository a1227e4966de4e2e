import { Command } from "commander";
import { sqlIsNoFlag } from "../../cli/options";

const parsed = (...words: string[]) => {
  const command = new Command().argument("<sql>").option("--target <where>");
  command.parse(sqlIsNoFlag(words), { from: "user" });
  return { sql: command.args[0], ...command.opts() };
};

describe("the words of a command line", () => {
  it("are a statement where they begin with a comment, as a file of sql/ does", () => {
    expect(parsed("-- Rows of each hour.\nSELECT 1", "--target", "aws")).toEqual({
      sql: " -- Rows of each hour.\nSELECT 1",
      target: "aws",
    });
  });

  it("are flags where they are flags", () => {
    expect(sqlIsNoFlag(["up", "--keep", "--", "-1", "a -- b"])).toEqual(["up", "--keep", "--", "-1", "a -- b"]);
  });
});
