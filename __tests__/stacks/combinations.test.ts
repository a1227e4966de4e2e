import { checkTypes } from "../../local/inert";
import { COMBINATIONS, WITHOUT_WAREHOUSE } from "../support/combinations";
import { synthesizedStack } from "../support/stacks";

describe.each([
  ["telemetry-lake", WITHOUT_WAREHOUSE],
  ["telemetry-warehouse", COMBINATIONS],
] as const)("%s", (stack, combinations) => {
  it.each(combinations)("synthesizes with $name, of types that the local AWS knows", ({ settings }) => {
    const json = synthesizedStack(stack, settings);
    expect(() => checkTypes(json)).not.toThrow();
    expect(json.output).toHaveProperty("api_url");
  });
});
