/** The engine's syntax tree, as `json_serialize_sql` writes it and `json_deserialize_sql` takes it. */

const BIG = "\u0000big:";

/** JSON whose long numbers, which JavaScript would round, go through unharmed. */
export function parseTree(text: string): unknown {
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, (part) => (part.startsWith('"') ? part : JSON.stringify(BIG + part))),
  );
}

export function printTree(tree: unknown): string {
  return JSON.stringify(tree).replace(/"\\u0000big:(-?\d+)"/g, "$1");
}

/** Looks at every object of a tree, the outer ones first. */
export function visit<Node extends object>(value: unknown, look: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) look(value as Node);
  for (const child of Object.values(value)) visit(child, look);
}
