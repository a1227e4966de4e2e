import { createHash, randomBytes, randomInt } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** Redshift takes 8 to 64 characters. 48 of 62 letters are 285 bits; none of them needs quoting anywhere. */
const LENGTH = 48;
/** Redshift wants an upper-case letter, a lower-case one and a digit. */
const RULES = [/[A-Z]/, /[a-z]/, /[0-9]/];

/** A new random password that Redshift accepts. */
export function newPassword(): string {
  for (;;) {
    const password = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join("");
    if (RULES.every((rule) => rule.test(password))) return password;
  }
}

/**
 * The password as CREATE USER and ALTER USER take it without seeing it: `sha256|digest|salt`, the digest over the password's bytes
 * followed by the salt's bytes, both in hex. So neither statement text nor a query log holds the password.
 */
export function hashed(password: string, salt: Buffer = randomBytes(32)): string {
  const digest = createHash("sha256").update(password).update(salt).digest("hex");
  return `sha256|${digest}|${salt.toString("hex")}`;
}
