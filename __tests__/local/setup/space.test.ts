import * as path from "node:path";
import { checkSpace } from "../../../local/setup/space";

const MB = 1024 * 1024;

it("a run does not begin where the disk is nearly full, and says so in one line", () => {
  expect(() => checkSpace(".", () => 12.9 * MB)).toThrow(
    new Error(
      `12 MB are free in ${path.resolve(".")}, where a run keeps its copy of the stack, the warehouse file and its logs; it needs 400 MB: free some space and start again`,
    ),
  );
});

it("a run begins where there is room, as here", () => {
  checkSpace(".");
});
