/**
 * A finding of a security scanner that stays, and why. A module lists its own in `exceptions.ts` beside the code that is meant; the
 * gate in `__tests__/end-to-end/scanners.test.ts` collects them, and fails on a finding that none names and on one that names no finding.
 */
export interface ScanException {
  /** What says so: checkov's ids (`CKV_AWS_18`) and tfsec's names (`aws-s3-enable-bucket-logging`). */
  readonly checks: readonly string[];

  /** Terraform's type of what is found fault with; `data.` before a data source's. */
  readonly on: string;

  /** End of its construct path, from a whole part on (`bucket`, `warehouse/cluster`), or what the path must match. */
  readonly at: string | RegExp;

  /**
   * The one variant of settings in which it holds, as the gate calls it; in every other the finding counts.
   *
   * @default - all
   */
  readonly only?: "auth none";

  /**
   * The variants of settings in which it does not hold: there the finding counts.
   *
   * @default - none
   */
  readonly except?: "every prod";

  /** Why it is right here, for the person who asks. */
  readonly reason: string;
}
