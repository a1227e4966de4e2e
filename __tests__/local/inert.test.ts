import { byReason, CARRIED, checkTypes, INERT } from "../../local/inert";

describe("the types of a stack", () => {
  it("that do nothing here are told with the reason", () => {
    const configuration = { resource: { aws_s3_bucket: {}, aws_api_gateway_account: {} }, data: { aws_region: {} } };
    expect(checkTypes(configuration)).toEqual([
      {
        type: "aws_api_gateway_account",
        reason: "names the role for the logs of API Gateway, which writes them to files of the run here",
      },
    ]);
  });

  it("that are in neither list stop the run with one line", () => {
    const configuration = { resource: { aws_instance: {}, aws_vpc: {} }, data: { aws_ami: {}, archive_file: {} } };
    expect(() => checkTypes(configuration)).toThrow(
      "the local AWS does not know aws_instance, data.aws_ami: carry it in local/services, or name it in local/inert.ts with the reason why it does nothing here",
    );
  });

  it.each(["constructor", "toString", "__proto__"])(
    "named like a part of every object (%s) are unknown too",
    (type) => {
      expect(() => checkTypes({ resource: JSON.parse(`{"${type}": {}}`) })).toThrow(
        `the local AWS does not know ${type}`,
      );
    },
  );

  it("are a question of the stack: an empty one has none", () => {
    expect(checkTypes({})).toEqual([]);
  });

  it("are told by their reasons, those of one reason together", () => {
    const configuration = { resource: { aws_vpc: {}, aws_kms_alias: {}, aws_subnet: {}, aws_eip: {} } };
    expect(byReason(checkTypes(configuration))).toEqual([
      { reason: INERT.aws_vpc, types: ["aws_vpc", "aws_subnet", "aws_eip"] },
      { reason: INERT.aws_kms_alias, types: ["aws_kms_alias"] },
    ]);
  });

  it("stand in one list only", () => {
    expect(Object.keys(INERT).filter((type) => CARRIED.has(type))).toEqual([]);
  });
});
