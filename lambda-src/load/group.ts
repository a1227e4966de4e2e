import type { LoadableObject } from "./object";

export interface Limits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** Objects that may be loaded together: of one table and one hour, in pieces of at most so many files and bytes. A bigger object goes alone. Pure. */
export function batches<T extends { readonly object: LoadableObject }>(items: readonly T[], limits: Limits): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = `${item.object.table} ${item.object.hour}`;
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return [...groups.values()].flatMap((group) => cut(group, limits));
}

function cut<T extends { readonly object: LoadableObject }>(
  items: readonly T[],
  { maxFiles, maxBytes }: Limits,
): T[][] {
  const pieces: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const last = pieces.at(-1);
    if (!last || last.length >= maxFiles || bytes + item.object.bytes > maxBytes) {
      pieces.push([item]);
      bytes = item.object.bytes;
    } else {
      last.push(item);
      bytes += item.object.bytes;
    }
  }
  return pieces;
}
