import { AwsError } from "../../gateway/types";
import { readJsonBody } from "../../json-body";

/** A refusal as the API words it: https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html, "Response schemas". */
export const invalid = (message: string): AwsError => new AwsError("BadRequestException", message);
export const notFound = (message: string): AwsError => new AwsError("NotFoundException", message, 404);
export const conflict = (message: string): AwsError => new AwsError("ConflictException", message, 409);

export type Json = Readonly<Record<string, unknown>>;

/** Reads members with checks; one of the wrong type is said by its path. */
export class Input {
  constructor(
    private readonly body: Json,
    private readonly path = "",
  ) {}

  static of(text: string): Input {
    return new Input(readJsonBody(text));
  }

  string(name: string): string | undefined {
    return this.read(name, "a string", (value): value is string => typeof value === "string");
  }

  integer(name: string): number | undefined {
    return this.read(name, "a whole number", (value): value is number => Number.isInteger(value));
  }

  strings(name: string): readonly string[] | undefined {
    return this.read(
      name,
      "a list of strings",
      (value): value is string[] => Array.isArray(value) && value.every((one) => typeof one === "string"),
    );
  }

  object(name: string): Input | undefined {
    const value = this.json(name);
    return value && new Input(value, `${this.path}${name}.`);
  }

  objects(name: string): readonly Input[] | undefined {
    const value = this.read(
      name,
      "a list of objects",
      (one): one is Json[] => Array.isArray(one) && one.every((item) => typeof item === "object" && item !== null),
    );
    return value?.map((one, index) => new Input(one, `${this.path}${name}[${index}].`));
  }

  /** A member that is kept and shown as it came. */
  json(name: string): Json | undefined {
    return this.read(
      name,
      "an object",
      (value): value is Json => typeof value === "object" && value !== null && !Array.isArray(value),
    );
  }

  tags(): ReadonlyMap<string, string> {
    const given = Object.entries(this.json("tags") ?? {});
    if (given.some(([, value]) => typeof value !== "string")) throw invalid("tags must be texts by their keys.");
    return new Map(given as [string, string][]);
  }

  required<T>(name: string, value: T | undefined): T {
    if (value === undefined || value === "") throw invalid(`${this.path}${name} is required.`);
    return value;
  }

  private read<T>(name: string, what: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.body[name];
    if (value === undefined || value === null) return undefined;
    if (!is(value)) throw invalid(`${this.path}${name} must be ${what}.`);
    return value;
  }
}
