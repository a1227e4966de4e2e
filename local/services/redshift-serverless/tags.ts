import { invalid, notFound, type Tag } from "./input";

/** https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_TagResource.html */
const MOST = 50;

/** Tags by resource ARN. */
export class Tags {
  private readonly byArn = new Map<string, Map<string, string>>();

  /** Called when a resource is made: from then on its tags may be asked for. */
  open(arn: string, tags: readonly Tag[]): void {
    this.byArn.set(arn, new Map());
    this.add(arn, tags);
  }

  close(arn: string): void {
    this.byArn.delete(arn);
  }

  add(arn: string, tags: readonly Tag[]): void {
    const after = new Map([...this.of(arn), ...tags.map(({ key, value }) => [key, value] as const)]);
    if (after.size > MOST) throw invalid(`A resource may have ${MOST} tags, got ${after.size}.`);
    this.byArn.set(arn, after);
  }

  remove(arn: string, keys: readonly string[]): void {
    const known = this.of(arn);
    for (const key of keys) known.delete(key);
  }

  list(arn: string): Tag[] {
    return [...this.of(arn)].map(([key, value]) => ({ key, value }));
  }

  private of(arn: string): Map<string, string> {
    const known = this.byArn.get(arn);
    if (!known) throw notFound(`The resource with ARN ${arn} doesn't exist.`);
    return known;
  }
}
