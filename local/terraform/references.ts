/** What a reference (`random_id.x.hex`, the dotted name as written) becomes; undefined leaves it as it is. */
export type Rename = (reference: string) => string | undefined;

/**
 * Rewrites references inside the `${...}` and `%{...}` parts of a Terraform template, however deep, and leaves every other character as it is: text that only
 * looks like a reference, escapes (`$${`), and string literals inside expressions are no references.
 */
export function rewriteTemplate(text: string, rename: Rename): string {
  const scanner = new Scanner(text, rename);
  return scanner.template(undefined);
}

/** A traversal: names joined by dots. Indexes and splats end it, and stand after it unchanged. */
const TRAVERSAL = /[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*/y;

class Scanner {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly rename: Rename,
  ) {}

  /** Literal text with interpolations, to the end or to an unescaped `end`. */
  template(end: '"' | undefined): string {
    let out = "";
    while (this.at < this.text.length) {
      const three = this.text.slice(this.at, this.at + 3);
      if (three === "$${" || three === "%%{") {
        out += this.take(3);
      } else if (three.startsWith("${") || three.startsWith("%{")) {
        out += this.take(2) + this.expression();
      } else if (end && this.text[this.at] === "\\") {
        out += this.take(2);
      } else if (this.text[this.at] === end) {
        return out + this.take(1);
      } else {
        out += this.take(1);
      }
    }
    return out;
  }

  /** An expression, to the brace that closes it. */
  private expression(): string {
    let out = "";
    let depth = 1;
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      TRAVERSAL.lastIndex = this.at;
      const name = TRAVERSAL.exec(this.text)?.[0];
      if (char === '"') {
        out += this.take(1) + this.template('"');
      } else if (name !== undefined) {
        this.at += name.length;
        // After a dot or a digit it is an attribute (`x[0].name`) or a number's exponent, not the start of a reference.
        out += (/[.\d]$/.test(out) ? undefined : this.rename(name)) ?? name;
      } else {
        if (char === "{") depth++;
        if (char === "}") depth--;
        out += this.take(1);
        if (depth === 0) return out;
      }
    }
    return out;
  }

  private take(length: number): string {
    const taken = this.text.slice(this.at, this.at + length);
    this.at += length;
    return taken;
  }
}
