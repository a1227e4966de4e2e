import type { Input, Json } from "./json";

/** One call, taken apart. */
export interface Call {
  /** Decoded parts of the path that the route leaves open, in order: ARNs, a revision. */
  readonly of: readonly string[];
  readonly query: URLSearchParams;
  readonly input: Input;
}

export interface Route {
  readonly method: string;
  /** Segments; `*` is one that a call fills in. */
  readonly path: string;
  /** IAM's name of the action, without `kafka:`. */
  readonly action: string;
  handle(call: Call): Json | Promise<Json>;
}

/** The route of a request and what its open segments hold; undefined when none is. ARNs stand in the path as one segment, encoded. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: Route; readonly of: readonly string[] } | undefined {
  const given = path.replace(/^\/+|\/+$/g, "").split("/");
  for (const route of routes) {
    const wanted = route.path.slice(1).split("/");
    if (route.method !== method || wanted.length !== given.length) continue;
    if (!wanted.every((segment, index) => segment === "*" || segment === given[index])) continue;
    return { route, of: given.filter((_, index) => wanted[index] === "*").map(decodeURIComponent) };
  }
  return undefined;
}
