import type { Decision, Emulator } from "../emulator";
import { AwsError, type Caller } from "./types";

/** Long enough for a burst of records, short enough that a changed resource policy counts at once for a person. */
const REMEMBERED_MS = 2000;
const DECISIONS_REMEMBERED = 5000;

/** Asks IAM whether a caller may do something, and remembers the answer for a moment. */
export class Authorizer {
  private readonly decisions = new Map<string, { readonly decision: Promise<Decision>; readonly until: number }>();

  constructor(
    private readonly emulator: Pick<Emulator, "decide">,
    private readonly now: () => Date,
  ) {}

  async authorize(caller: Caller | undefined, action: string, resource: string): Promise<void> {
    if (caller === undefined)
      throw new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 403);
    if (caller.arn === `arn:aws:iam::${caller.accountId}:root`) return;
    const decision = await this.decide(caller.credentials.accessKeyId, action, resource);
    if (decision === "Allow") return;
    const reason =
      decision === "Deny"
        ? "with an explicit deny in a policy"
        : `because no identity-based policy allows the ${action} action`;
    throw new AwsError(
      "AccessDenied",
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
      403,
    );
  }

  /** To be called when policies may have changed. */
  forget(): void {
    this.decisions.clear();
  }

  private decide(accessKeyId: string, action: string, resource: string): Promise<Decision> {
    const question = `${accessKeyId} ${action} ${resource}`;
    const now = this.now().getTime();
    const known = this.decisions.get(question);
    if (known !== undefined && known.until > now) return known.decision;
    const decision = this.emulator.decide(accessKeyId, action, resource, "127.0.0.1");
    if (this.decisions.size >= DECISIONS_REMEMBERED) this.decisions.clear();
    this.decisions.set(question, { decision, until: now + REMEMBERED_MS });
    decision.catch(() => this.decisions.delete(question));
    return decision;
  }
}
