import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { SqlError } from "../errors";

/**
 * What the catalogue keeps of a password given to CREATE or ALTER USER: never the clear text. `null` is PASSWORD DISABLE.
 * Forms by https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html: clear text, `md5` and 32 hex digits of md5(password + user),
 * `sha256|password`, `sha256|digest|salt` (digest: 64 hex digits of sha256(password + salt)).
 *
 * @throws SqlError for a clear password that breaks Redshift's rules, and for a malformed hash
 */
export function keepPassword(given: string): string {
  if (given.startsWith("sha256|")) {
    const [, first = "", salt, ...more] = given.split("|");
    if (more.length > 0) throw malformed();
    if (salt === undefined) return hash(checkClear(first));
    if (!/^[0-9a-f]{64}$/i.test(first) || salt === "") throw malformed();
    return `sha256|${first.toLowerCase()}|${salt}`;
  }
  if (/^md5[0-9a-f]{32}$/i.test(given)) return given.toLowerCase();
  return hash(checkClear(given));
}

/** Whether `password` is the one kept. A disabled password (`null`) fits nothing. */
export function passwordFits(kept: string | null, user: string, password: string): boolean {
  if (kept === null) return false;
  if (kept.startsWith("md5"))
    return same(
      kept.slice(3),
      createHash("md5")
        .update(password + user)
        .digest("hex"),
    );
  const [, digest = "", salt = ""] = kept.split("|");
  return same(
    digest,
    createHash("sha256")
      .update(password + salt)
      .digest("hex"),
  );
}

function hash(password: string): string {
  const salt = randomBytes(16).toString("hex");
  return `sha256|${createHash("sha256")
    .update(password + salt)
    .digest("hex")}|${salt}`;
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function malformed(): SqlError {
  return new SqlError(
    "invalid sha256 password: it must be sha256|password or sha256|digest|salt, with a digest of 64 hex digits",
    "22023",
  );
}

function checkClear(password: string): string {
  if (password.length < 8 || password.length > 64) {
    throw new SqlError("password must be between 8 and 64 characters long", "22023");
  }
  if (!/[A-Z]/.test(password)) throw new SqlError("password must contain at least one uppercase letter", "22023");
  if (!/[a-z]/.test(password)) throw new SqlError("password must contain at least one lowercase letter", "22023");
  if (!/[0-9]/.test(password)) throw new SqlError("password must contain a number", "22023");
  if (!/^[\x21-\x7e]+$/.test(password) || /['"\\/@]/.test(password)) {
    throw new SqlError(`password must hold only printable ASCII characters other than ' " \\ / @ and space`, "22023");
  }
  return password;
}
