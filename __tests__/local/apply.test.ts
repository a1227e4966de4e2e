import { hasKafka } from "../../local/apply";

const stack = (...types: readonly string[]) => ({
  prepared: {
    configuration: types.length === 0 ? {} : { resource: Object.fromEntries(types.map((type) => [type, { a: {} }])) },
  },
});

it.each([
  [["aws_vpc", "aws_msk_cluster"], true],
  [["aws_msk_serverless_cluster"], true],
  [["aws_vpc", "aws_msk_configuration"], false],
  [[], false],
])("real brokers are wanted for a stack with %j: %s", (types, wanted) => {
  expect(hasKafka(stack(...types))).toBe(wanted);
});
