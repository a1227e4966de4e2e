import { AwsError } from "../../gateway/types";
import { Members, type Parameters, type Xml } from "./query";

/** Tags by resource ARN. */
export class Tags {
  private readonly byArn = new Map<string, Map<string, string>>();

  /** Called when a resource is made: from then on its tags may be asked for. */
  open(arn: string, tags: readonly Record<string, string>[]): void {
    this.byArn.set(arn, new Map());
    this.add(arn, tags);
  }

  close(arn: string): void {
    this.byArn.delete(arn);
  }

  add(arn: string, tags: readonly Record<string, string>[]): void {
    const known = this.of(arn);
    for (const { Key, Value } of tags) if (Key) known.set(Key, Value ?? "");
    if (known.size > 50)
      throw new AwsError("TagLimitExceededFault", "You have exceeded the number of tags allowed: 50");
  }

  remove(arn: string, keys: readonly string[]): void {
    const known = this.of(arn);
    for (const key of keys) known.delete(key);
  }

  xml(arn: string): Members {
    return new Members("Tag", this.list(arn));
  }

  describe(parameters: Parameters): Xml {
    const arn = parameters.get("ResourceName");
    if (arn) this.of(arn);
    const arns = arn ? [arn] : [...this.byArn.keys()];
    return {
      TaggedResources: new Members(
        "TaggedResource",
        arns.flatMap((resource) =>
          this.list(resource).map((Tag) => ({ Tag, ResourceName: resource, ResourceType: resource.split(":")[5] })),
        ),
      ),
    };
  }

  private list(arn: string): { Key: string; Value: string }[] {
    return [...(this.byArn.get(arn) ?? [])].map(([Key, Value]) => ({ Key, Value }));
  }

  private of(arn: string): Map<string, string> {
    const known = this.byArn.get(arn);
    if (!known) throw new AwsError("ResourceNotFoundFault", `The resource could not be found: ${arn}`, 404);
    return known;
  }
}
