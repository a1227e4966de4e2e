import { AwsError } from "../../gateway/types";
import { readJsonBody } from "../../json-body";

/** A refusal as the API words it: https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/CommonErrors.html */
export const invalid = (message: string): AwsError => new AwsError("ValidationException", message);
export const notFound = (message: string): AwsError => new AwsError("ResourceNotFoundException", message);
export const conflict = (message: string): AwsError => new AwsError("ConflictException", message);

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The body of a call, read with checks; a member of the wrong type is said by its name. */
export class Input {
  private readonly body: Readonly<Record<string, unknown>>;

  constructor(text: string) {
    this.body = readJsonBody(text);
  }

  string(name: string): string | undefined {
    return this.of(name, "a string", (value) => typeof value === "string");
  }

  require(name: string): string {
    const value = this.string(name);
    if (value === undefined || value === "") throw invalid(`${name} is required.`);
    return value;
  }

  boolean(name: string): boolean | undefined {
    return this.of(name, "a boolean", (value) => typeof value === "boolean");
  }

  integer(name: string): number | undefined {
    return this.of(name, "a whole number", (value) => Number.isInteger(value));
  }

  strings(name: string): string[] | undefined {
    return this.of(name, "a list of strings", (value) => isListOf(value, (item) => typeof item === "string"));
  }

  tags(): Tag[] {
    return this.of("tags", "a list of key and value", (value) => isListOf(value, isTag)) ?? [];
  }

  /** Parameters of a workgroup by their keys. */
  parameters(): ReadonlyMap<string, string> | undefined {
    type Parameter = { readonly parameterKey: string; readonly parameterValue: string };
    const isParameter = (item: unknown) => {
      const { parameterKey, parameterValue } = (item ?? {}) as Partial<Parameter>;
      return typeof parameterKey === "string" && typeof parameterValue === "string";
    };
    const given = this.of<Parameter[]>("configParameters", "a list of parameterKey and parameterValue", (value) =>
      isListOf(value, isParameter),
    );
    return given && new Map(given.map(({ parameterKey, parameterValue }) => [parameterKey, parameterValue]));
  }

  /** What this service does not do is refused by name. */
  refuse(...names: readonly string[]): void {
    for (const name of names) {
      const value = this.body[name];
      if (value !== undefined && value !== null && value !== false && value !== 0 && value !== "") {
        throw invalid(`${name} is not carried by the local Redshift Serverless.`);
      }
    }
  }

  private of<T>(name: string, what: string, is: (value: unknown) => boolean): T | undefined {
    const value = this.body[name];
    if (value === undefined || value === null) return undefined;
    if (!is(value)) throw new AwsError("SerializationException", `${name} must be ${what}`);
    return value as T;
  }
}

const isListOf = (value: unknown, is: (item: unknown) => boolean) => Array.isArray(value) && value.every(is);

function isTag(item: unknown): boolean {
  const { key, value } = (item ?? {}) as Partial<Tag>;
  return typeof key === "string" && typeof value === "string";
}
