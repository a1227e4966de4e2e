import { AwsError } from "../../gateway/types";

const MOST = 50;

type Json = Readonly<Record<string, unknown>>;

export function addTags(tags: Map<string, string>, given: unknown): void {
  const list = (given ?? []) as readonly { readonly Key: string; readonly Value?: string }[];
  const after = new Set([...tags.keys(), ...list.map(({ Key }) => Key)]);
  if (after.size > MOST) throw new AwsError("LimitExceededException", `A Firehose can have at most ${MOST} tags`);
  for (const { Key, Value } of list) tags.set(Key, Value ?? "");
}

export function removeTags(tags: Map<string, string>, keys: unknown): void {
  for (const key of (keys ?? []) as readonly string[]) tags.delete(key);
}

/** One page, by key. */
export function listTags(tags: ReadonlyMap<string, string>, input: Json): Json {
  const { page, more } = pageOf([...tags.keys()].sort(), input.ExclusiveStartTagKey, input.Limit, MOST);
  return { Tags: page.map((Key) => ({ Key, Value: tags.get(Key) })), HasMoreTags: more };
}

/** The names after `start`, at most `limit` of them. */
export function pageOf(sorted: readonly string[], start: unknown, limit: unknown, most: number) {
  const after = typeof start === "string" ? sorted.filter((name) => name > start) : sorted;
  const size = Math.min(typeof limit === "number" ? limit : most, most);
  return { page: after.slice(0, size), more: after.length > size };
}
