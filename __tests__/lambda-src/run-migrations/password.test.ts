import { hashed, newPassword } from "../../../lambda-src/run-migrations/password";

describe("a password", () => {
  it("is what Redshift accepts in clear, and never the same", () => {
    const made = Array.from({ length: 200 }, newPassword);
    for (const password of made) {
      expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9]{48}$/);
    }
    expect(new Set(made).size).toBe(200);
  });

  it("goes into SQL as sha256 over its bytes and the salt's bytes", () => {
    // printf 'Secret1' | cat - <(head -c 32 /dev/zero) | sha256sum
    expect(hashed("Secret1", Buffer.alloc(32))).toBe(
      `sha256|7a2b8b722b286747bcd27902c418a5e3c4f5db0060afc95786f1eeaf23e0ea44|${"00".repeat(32)}`,
    );
  });

  it("is salted anew each time", () => {
    expect(hashed("Secret1")).not.toBe(hashed("Secret1"));
  });
});
