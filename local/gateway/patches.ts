/** A correction of an answer of the emulator, where it is not what AWS would say and Terraform would stumble. */
export interface Patch {
  readonly service: string;
  /** Of the query protocols (`DescribeFlowLogs`) or of X-Amz-Target (`DescribeStreamSummary`). */
  readonly action: string;
  readonly why: string;
  /** The corrected answer to `request`, which is the body as it was sent. */
  fix(answer: string, request: string): string;
}

export const PATCHES: readonly Patch[] = [];

/** Services with patches, whose requests must be read to know their action. */
export const PATCHED_SERVICES: ReadonlySet<string> = new Set(PATCHES.map(({ service }) => service));

/** The action that a request asks for, in the query and JSON protocols. */
export function actionOf(headers: Readonly<Record<string, string>>, body: string): string | undefined {
  return headers["x-amz-target"]?.split(".")[1] ?? new URLSearchParams(body).get("Action") ?? undefined;
}

export function findPatch(service: string, action: string | undefined): Patch | undefined {
  return PATCHES.find((patch) => patch.service === service && patch.action === action);
}
