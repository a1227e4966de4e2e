import type { ScanException } from "../../../../modules/support/scan-exception";
import type { Configuration } from "../synthesized";

/** What a scanner looked at, by a resource's logical id. */
export interface Scan {
  /** `checkov terraform_json`, `tfsec` ... */
  readonly scanner: string;
  readonly results: readonly Result[];
}

export interface Result {
  readonly check: string;
  /** Logical id in the synthesized JSON; no two things of a stack have the same. */
  readonly id: string;
  readonly passed: boolean;
  readonly says: string;
}

/** Something of a stack that a scanner can find fault with. */
export interface Scanned {
  /** `aws_s3_bucket`, `data.aws_iam_policy_document`. */
  readonly type: string;
  readonly path: string;
}

export interface Finding extends Scanned {
  /** Variant of the settings that the stack was synthesized with. */
  readonly variant: string;
  readonly check: string;
  readonly says: string;
}

/** Every resource and data source of a synthesized stack by its logical id. */
export function scannedOf(configuration: Configuration): ReadonlyMap<string, Scanned> {
  const found = new Map<string, Scanned>();
  for (const [prefix, kinds] of [
    ["", configuration.resource],
    ["data.", configuration.data],
  ] as const) {
    for (const [type, byId] of Object.entries<Configuration>(kinds ?? {})) {
      for (const [id, block] of Object.entries<Configuration>(byId)) {
        found.set(id, { type: `${prefix}${type}`, path: block["//"]?.metadata?.path ?? id });
      }
    }
  }
  return found;
}

/** The failed results, each with what it is about. A result about something the stack has not is an error of the scan itself. */
export function findingsOf(
  { scanner, results }: Scan,
  scanned: ReadonlyMap<string, Scanned>,
  variant: string,
): Finding[] {
  return results
    .filter(({ passed }) => !passed)
    .map(({ check, id, says }) => {
      const what = scanned.get(id);
      if (!what) throw new Error(`${scanner} says ${check} of ${id}, which the stack has not`);
      return { ...what, variant, check, says };
    });
}

/** What `except` says, by the names of the variants. */
const EXCEPT = { "every prod": /^prod/ } as const;

export const covers = (
  { checks, on, at, only, except }: ScanException,
  { check, type, path, variant }: Finding,
): boolean =>
  checks.includes(check) &&
  on === type &&
  (only === undefined || only === variant) &&
  (except === undefined || !EXCEPT[except].test(variant)) &&
  (typeof at === "string" ? path === at || path.endsWith(`/${at}`) : at.test(path));

const describeFinding = ({ check, type, path, says }: Finding) => `${check} ${type} at ${path}: ${says}`;

/** Findings that no exception names, each once. */
export const unexcused = (findings: readonly Finding[], exceptions: readonly ScanException[]): string[] => [
  ...new Set(findings.filter((finding) => !exceptions.some((one) => covers(one, finding))).map(describeFinding)),
];

/** Checks of exceptions that no finding needs any more. */
export const stale = (findings: readonly Finding[], exceptions: readonly ScanException[]): string[] =>
  exceptions.flatMap(({ checks, on, at, ...rest }) =>
    checks
      .filter((check) => !findings.some((finding) => covers({ checks: [check], on, at, ...rest }, finding)))
      .map((check) => `${check} ${on} at ${at}`),
  );

/**
 * Things of the stack that should have been looked at and were not. `types` are those the scanner is known to have checks for: that a
 * scan reads nothing (a wrong framework, a parse error) and ends with success is the trap here.
 */
export function unseen(
  { results }: Scan,
  scanned: ReadonlyMap<string, Scanned>,
  types: (type: string) => boolean,
): string[] {
  const seen = new Set(results.map(({ id }) => id));
  return [...scanned].filter(([id, { type }]) => types(type) && !seen.has(id)).map(([id, { type }]) => `${type}.${id}`);
}
