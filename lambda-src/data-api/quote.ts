/** Longest identifier Redshift takes, in bytes. */
const IDENTIFIER_BYTES = 127;

/** `name` as a quoted identifier. The only way a name enters SQL text here. */
export function identifier(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > IDENTIFIER_BYTES || name.includes("\0")) {
    throw new RangeError(`an identifier has 1 to ${IDENTIFIER_BYTES} bytes and no NUL, got ${JSON.stringify(name)}`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * `text` as a string literal. A backslash is refused: Redshift reads it as an escape and standard SQL does not, so
 * the same literal would mean two things.
 */
export function literal(text: string): string {
  if (/[\\\0]/.test(text)) {
    throw new RangeError(`a literal must not hold a backslash or NUL, got ${JSON.stringify(text)}`);
  }
  return `'${text.replaceAll("'", "''")}'`;
}
