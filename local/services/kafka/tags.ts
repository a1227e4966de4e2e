import { invalid, notFound } from "./json";

/** https://docs.aws.amazon.com/msk/1.0/apireference/tags-resourcearn.html */
const MOST = 50;

/** Tags by resource ARN. */
export class Tags {
  private readonly byArn = new Map<string, Map<string, string>>();

  /** Called when a resource is made: from then on its tags may be asked for. */
  open(arn: string, tags: ReadonlyMap<string, string>): void {
    this.byArn.set(arn, new Map());
    this.add(arn, tags);
  }

  close(arn: string): void {
    this.byArn.delete(arn);
  }

  add(arn: string, tags: ReadonlyMap<string, string>): void {
    const after = new Map([...this.find(arn), ...tags]);
    if (after.size > MOST) throw invalid(`A resource may have ${MOST} tags, got ${after.size}.`);
    this.byArn.set(arn, after);
  }

  remove(arn: string, keys: readonly string[]): void {
    const known = this.find(arn);
    for (const key of keys) known.delete(key);
  }

  of(arn: string): Record<string, string> {
    return Object.fromEntries(this.find(arn));
  }

  private find(arn: string): Map<string, string> {
    const known = this.byArn.get(arn);
    if (!known) throw notFound(`The resource with ARN ${arn} doesn't exist.`);
    return known;
  }
}
