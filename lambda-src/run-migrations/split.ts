export type Split =
  | { readonly kind: "statements"; readonly statements: readonly string[] }
  | { readonly kind: "unterminated"; readonly what: string; readonly line: number };

/**
 * One lexical unit at the cursor, in the order in which they are tried. As Redshift reads them: a backslash escapes inside '...',
 * block comments nest (so they are not a pattern, see `blockComment`).
 */
const UNITS = [
  { what: "string", open: "'", whole: /'(?:[^'\\]|\\.|'')*'/sy },
  { what: "quoted identifier", open: '"', whole: /"(?:[^"]|"")*"/y },
  {
    what: "dollar-quoted string",
    open: /\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$/y,
    whole: /(\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$).*?\1/sy,
  },
] as const;
const LINE_COMMENT = /--[^\n]*/y;
/** A word is taken whole, so that the `$` inside an identifier opens no dollar quote. */
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;

/** Cuts a script at the semicolons that end statements. Pure and total. A part with nothing but comments is no statement. */
export function splitStatements(script: string): Split {
  const statements: string[] = [];
  let start = 0;
  let at = 0;
  let empty = true;
  const finish = () => {
    if (!empty) statements.push(script.slice(start, at).trim());
    start = at + 1;
    empty = true;
  };

  while (at < script.length) {
    const comment = match(LINE_COMMENT, script, at) ?? blockComment(script, at);
    if (comment === "unterminated") return unterminated(script, "comment", at);
    if (comment) {
      at += comment.length;
      continue;
    }
    const character = script[at]!;
    if (character === ";") {
      finish();
      at += 1;
      continue;
    }
    const unit = UNITS.find(({ open }) => (typeof open === "string" ? character === open : match(open, script, at)));
    if (unit) {
      const text = match(unit.whole, script, at);
      if (!text) return unterminated(script, unit.what, at);
      at += text.length;
    } else {
      at += match(WORD, script, at)?.length ?? 1;
    }
    if (!/\s/.test(character)) empty = false;
  }
  finish();
  return { kind: "statements", statements };
}

/** The statement's first `count` words in upper case, comments passed over. */
export function leadingWords(statement: string, count: number): readonly string[] {
  const words: string[] = [];
  let at = 0;
  while (at < statement.length && words.length < count) {
    const skipped = match(/\s+/y, statement, at) ?? match(LINE_COMMENT, statement, at) ?? blockComment(statement, at);
    if (skipped && skipped !== "unterminated") {
      at += skipped.length;
      continue;
    }
    const word = match(WORD, statement, at);
    if (!word) break;
    words.push(word.toUpperCase());
    at += word.length;
  }
  return words;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** A comment that may hold comments. */
function blockComment(text: string, start: number): string | "unterminated" | undefined {
  if (!text.startsWith("/*", start)) return undefined;
  let depth = 0;
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let found = edge.exec(text); found; found = edge.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return text.slice(start, edge.lastIndex);
  }
  return "unterminated";
}

const unterminated = (script: string, what: string, at: number): Split => ({
  kind: "unterminated",
  what,
  line: script.slice(0, at).split("\n").length,
});
