import type { Method } from "@aws-sdk/client-api-gateway";
import type { Route } from "./config";

export interface Match {
  readonly route: Route;
  readonly method: Method;
  /** Values of `{name}` and `{name+}` in the path. */
  readonly params: ReadonlyMap<string, string>;
}

/**
 * The method that answers `path`: a literal segment goes before `{name}`, that before `{name+}`, and a method of the same verb before
 * `ANY`. Undefined when there is none, which AWS answers as a missing authentication token.
 */
export function findMethod(routes: readonly Route[], verb: string, path: string): Match | undefined {
  const segments = segmentsOf(path).map(decode);
  const matches = routes.flatMap((route) => {
    const pattern = segmentsOf(route.path);
    const params = matchSegments(pattern, segments);
    const method = route.methods[verb] ?? route.methods.ANY;
    return params && method ? [{ rank: pattern.map(rankOf).join(""), match: { route, method, params } }] : [];
  });
  matches.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return matches[0]?.match;
}

const segmentsOf = (path: string) => path.split("/").filter((segment) => segment !== "");

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const rankOf = (segment: string) => (segment.endsWith("+}") ? "2" : segment.startsWith("{") ? "1" : "0");

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const params = new Map<string, string>();
  for (const [n, part] of pattern.entries()) {
    const segment = segments[n];
    if (segment === undefined) return undefined;
    if (part.endsWith("+}")) return params.set(part.slice(1, -2), segments.slice(n).join("/"));
    if (part.startsWith("{")) params.set(part.slice(1, -1), segment);
    else if (part !== segment) return undefined;
  }
  return pattern.length === segments.length ? params : undefined;
}
