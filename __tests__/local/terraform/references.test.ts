import { rewriteTemplate } from "../../../local/terraform/references";

const rename = (reference: string) => {
  const [type, name, ...rest] = reference.split(".");
  return type === "random_id" && name === "x" ? ["terraform_data.random_id_x.output", ...rest].join(".") : undefined;
};
const rewritten = (text: string) => rewriteTemplate(text, rename);

describe("references in a Terraform template", () => {
  it.each([
    ["${random_id.x.hex}", "${terraform_data.random_id_x.output.hex}"],
    [
      "a-${random_id.x.hex}-b-${random_id.x.dec}",
      "a-${terraform_data.random_id_x.output.hex}-b-${terraform_data.random_id_x.output.dec}",
    ],
    ['${join("-", ["a", random_id.x.hex])}', '${join("-", ["a", terraform_data.random_id_x.output.hex])}'],
    ['${upper("${random_id.x.hex}")}', '${upper("${terraform_data.random_id_x.output.hex}")}'],
    ['${{"a" = {"b" = random_id.x.hex}}}', '${{"a" = {"b" = terraform_data.random_id_x.output.hex}}}'],
    ["%{if random_id.x.hex != null}y%{endif}", "%{if terraform_data.random_id_x.output.hex != null}y%{endif}"],
    ["${random_id.x}", "${terraform_data.random_id_x.output}"],
    [
      "${-random_id.x.dec+random_id.x.dec}",
      "${-terraform_data.random_id_x.output.dec+terraform_data.random_id_x.output.dec}",
    ],
  ])("in %s are replaced", (text, expected) => expect(rewritten(text)).toBe(expected));

  it.each([
    "random_id.x.hex in plain text",
    "$${random_id.x.hex}",
    '${"random_id.x.hex"}',
    '${"a \\" random_id.x.hex"}',
    '${"$${random_id.x.hex}"}',
    "${random_id.xy.hex}",
    "${data.random_id.x.hex}",
    "${my_random_id.x.hex}",
    "${aws_s3_bucket.b[0].random_id.x}",
    "${random_id.x-y.hex}",
    "$input.json('$') ${aws_x.y.id} }} ${",
    "",
    "$",
    "é${aws_x.y.id}😀",
  ])("leave %p as it is", (text) => expect(rewritten(text)).toBe(text));
});
