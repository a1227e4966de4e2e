import { hashed, newPassword } from "../../../lambda-src/run-migrations/password";

describe("a password", () => {
  it("is what Redshift accepts in clear, and never the same", () => {
    const made = Array.from({ length: 200 }, newPassword);
    for (const password of made) {
      expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9]{48}$/);
    }
    expect(new Set(made).size).toBe(200);
  });

  it("goes into SQL as the MD5 of password and user name", () => {
    // printf 'Secret1loader' | md5sum
    expect(hashed("Secret1", "loader")).toBe("md5c894d0dc61b3a27aba75ef678439c936");
  });
});
