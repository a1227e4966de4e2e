import { createHash, randomInt } from "node:crypto";

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
 * The password as CREATE USER and ALTER USER take it without seeing it: `md5` and the MD5 of password and user name. So neither statement
 * text nor a query log holds the password. Redshift's page gives this form exactly, and it is what Redshift itself keeps of a password given in
 * clear; the page does not say how `sha256|digest|salt` joins password and salt. MD5 is enough here: no one can guess 285 random bits.
 * https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html
 */
export function hashed(password: string, user: string): string {
  return `md5${createHash("md5").update(password).update(user).digest("hex")}`;
}
