import { randomBytes, randomInt } from "node:crypto";
import { SetupError } from "../setup/problem";

type Block = Readonly<Record<string, unknown>>;

/** The values of a random resource in the shapes that the provider's documentation gives, by attribute. */
export type RandomValues = Readonly<Record<string, string>>;

/** Generates the values of one resource; `address` is for the error. Only what our stacks use is here. */
export const RANDOM: Readonly<Record<string, (block: Block, address: string) => RandomValues>> = {
  random_id: (block, address) =>
    randomId(randomBytes(numberOf(block, "byte_length", address)), textOf(block, "prefix", address)),
  random_string: (block, address) => {
    const result = randomString(block, address);
    return { result, id: result };
  },
  // The provider's `bcrypt_hash` is left out: nothing of ours reads it.
  random_password: (block, address) => ({ result: randomString(block, address), id: "none" }),
};

/** `hex`, `dec`, `b64_url` and `b64_std` carry the prefix; `id` is the base64url form without it. */
export function randomId(bytes: Buffer, prefix = ""): RandomValues {
  const hex = bytes.toString("hex");
  return {
    id: bytes.toString("base64url"),
    b64_std: prefix + bytes.toString("base64"),
    b64_url: prefix + bytes.toString("base64url"),
    dec: prefix + BigInt(`0x${hex}`).toString(),
    hex: prefix + hex,
  };
}

const KINDS = [
  ["upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  ["lower", "abcdefghijklmnopqrstuvwxyz"],
  ["numeric", "0123456789"],
  ["special", "!@#$%&*()-_=+[]{}<>:?"],
] as const;

/** Every kind of character is on unless set to false; `min_<kind>` of each are in the result for certain. */
function randomString(block: Block, address: string): string {
  const length = numberOf(block, "length", address);
  const kinds = KINDS.filter(([kind]) => block[kind] !== false).map(([kind, characters]) => ({
    least: block[`min_${kind}`] === undefined ? 0 : numberOf(block, `min_${kind}`, address, 0),
    characters: (kind === "special" && textOf(block, "override_special", address)) || characters,
  }));
  const all = kinds.map((kind) => kind.characters).join("");
  if (all === "")
    throw new SetupError(
      `${address}: upper, lower, numeric and special are all false, so there is nothing to choose from`,
    );
  const chosen = kinds.flatMap(({ least, characters }) => Array.from({ length: least }, () => pick(characters)));
  if (chosen.length > length)
    throw new SetupError(
      `${address}: length must be at least the sum of the min_ values, ${chosen.length}, got ${length}`,
    );
  while (chosen.length < length) chosen.push(pick(all));
  for (let i = chosen.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [chosen[i], chosen[j]] = [chosen[j]!, chosen[i]!];
  }
  return chosen.join("");
}

const pick = (characters: string) => characters[randomInt(characters.length)]!;

function numberOf(block: Block, name: string, address: string, least = 1): number {
  const value = block[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw new SetupError(
    `${address}: ${name} must be a whole number of at least ${least} written in the stack for the local run without the random provider, got ${JSON.stringify(value)}`,
  );
}

function textOf(block: Block, name: string, address: string): string | undefined {
  const value = block[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && !/[$%]\{/.test(value)) return value;
  throw new SetupError(
    `${address}: ${name} must be plain text for the local run without the random provider, got ${JSON.stringify(value)}`,
  );
}
