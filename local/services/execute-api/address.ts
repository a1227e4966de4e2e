/** Where a request is addressed to. */
export interface Address {
  readonly apiId: string;
  readonly stage: string;
  /** Path behind the stage, still encoded, with a slash in front. */
  readonly path: string;
}

/**
 * Reads the API's own host name (`ID.execute-api.REGION.amazonaws.com`, path `/STAGE/...`), or, where the client can set no host, the
 * path form `/restapis/ID/STAGE/_user_request_/...` that other emulators take. Undefined for neither.
 */
export function readAddress(host: string, path: string): Address | undefined {
  const byPath = /^\/restapis\/([a-z0-9]+)\/([^/]+)\/_user_request_(\/.*)?$/i.exec(path);
  if (byPath) return { apiId: byPath[1] ?? "", stage: byPath[2] ?? "", path: byPath[3] ?? "/" };
  const apiId = /^([a-z0-9]+)\.execute-api\./i.exec(host)?.[1];
  if (!apiId) return undefined;
  const [, stage = "", rest = "/"] = /^\/([^/]*)(\/.*)?$/.exec(path) ?? [];
  return { apiId: apiId.toLowerCase(), stage, path: rest };
}
