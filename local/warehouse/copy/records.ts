/** One record of a file, cut into fields; or the reason why it cannot be cut. */
export interface FileRecord {
  /** Number of its first line in the file, from 1. */
  readonly line: number;
  readonly fields: readonly Field[];
  readonly error?: { readonly code: number; readonly reason: string };
  /** Length in UTF-16 units. */
  readonly size: number;
  /** As it stands in the file, without the line end. */
  raw(): string;
}

/** `quoted` tells an empty quoted field from nothing between two delimiters. */
export interface Field {
  readonly text: string;
  readonly quoted: boolean;
  /** As a JSON file has it: what a SUPER column takes. */
  readonly json?: string;
}

export interface Cut {
  readonly format: "delimited" | "csv" | "json" | "parquet";
  readonly delimiter: string;
  readonly quote: string;
  readonly removeQuotes: boolean;
  readonly escape: boolean;
  readonly ignoreHeader: number;
  readonly ignoreBlankLines: boolean;
}

/**
 * Cuts a file into records, piece by piece: a piece ends at a line end (the last one anywhere), and a record that goes on in the next
 * piece is given back as `rest`, to stand before it. An empty last line is none.
 */
export class RecordReader {
  /** What the last piece left. */
  rest = "";
  private line = 1;
  private first = true;
  private headerLines: number;

  constructor(private readonly cut: Cut) {
    this.headerLines = cut.ignoreHeader;
  }

  *read(text: string, final: boolean): Generator<FileRecord> {
    const { cut } = this;
    const scan = cut.format === "csv" ? scanCsv : cut.escape ? scanEscaped : scanPlain;
    let at = this.first && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.first = false;
    this.rest = "";
    for (; this.headerLines > 0 && at < text.length; this.headerLines--, this.line++) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end + 1;
    }
    while (at < text.length) {
      const start = at;
      const { fields, end, next, lines, error, open } = scan(text, at, cut);
      if (open && !final) {
        this.rest = text.slice(start);
        return;
      }
      at = next;
      const blank = fields.length === 1 && fields[0]!.text === "" && !fields[0]!.quoted;
      if (!(cut.ignoreBlankLines && blank)) {
        yield {
          line: this.line,
          fields,
          ...(error ? { error } : {}),
          size: end - start,
          raw: () => text.slice(start, end),
        };
      }
      this.line += lines;
    }
  }
}

interface Scanned {
  readonly fields: Field[];
  /** Where the record's text ends, line end left out. */
  readonly end: number;
  /** Where the next record begins. */
  readonly next: number;
  /** Lines it took. */
  readonly lines: number;
  readonly error?: { readonly code: number; readonly reason: string };
  /** The text ended inside the record. */
  readonly open?: boolean;
}

/** The line end at `newline`: LF, or CR LF. */
function lineEnd(text: string, start: number, newline: number): { end: number; next: number } {
  if (newline < 0) return { end: text.endsWith("\r") ? text.length - 1 : text.length, next: text.length };
  return { end: newline > start && text[newline - 1] === "\r" ? newline - 1 : newline, next: newline + 1 };
}

function scanPlain(text: string, start: number, cut: Cut): Scanned {
  const { end, next } = lineEnd(text, start, text.indexOf("\n", start));
  const fields = text
    .slice(start, end)
    .split(cut.delimiter)
    .map((field) => (cut.removeQuotes ? withoutQuotes(field) : { text: field, quoted: false }));
  return { fields, end, next, lines: 1 };
}

function withoutQuotes(field: string): Field {
  const first = field[0];
  if (field.length >= 2 && (first === '"' || first === "'") && field.endsWith(first))
    return { text: field.slice(1, -1), quoted: true };
  return { text: field, quoted: false };
}

/** ESCAPE: a backslash takes the next character as it is, a delimiter or a line end too; `\N` stays itself so that NULL AS finds it. */
function scanEscaped(text: string, start: number, cut: Cut): Scanned {
  const fields: Field[] = [];
  let field = "";
  let lines = 1;
  let at = start;
  const close = () => {
    fields.push(cut.removeQuotes ? withoutQuotes(field) : { text: field, quoted: false });
    field = "";
  };
  for (; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === "\\" && at + 1 < text.length) {
      at++;
      if (text[at] === "\n") lines++;
      field += text[at] === "N" ? "\\N" : text[at];
    } else if (text[at] === cut.delimiter) close();
    else field += text[at];
  }
  if (field.endsWith("\r")) field = field.slice(0, -1);
  close();
  return { fields, end: at, next: Math.min(at + 1, text.length), lines, open: at >= text.length };
}

/** RFC 4180: a quoted field may hold delimiters and line ends, a quote in it is doubled. */
function scanCsv(text: string, start: number, cut: Cut): Scanned {
  const newline = text.indexOf("\n", start);
  const plain = lineEnd(text, start, newline);
  const whole = text.slice(start, plain.end);
  if (!whole.includes(cut.quote)) {
    return { fields: whole.split(cut.delimiter).map((field) => ({ text: field, quoted: false })), ...plain, lines: 1 };
  }
  const fields: Field[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    if (text[at] === cut.quote) {
      const closed = closeQuote(text, at + 1, cut.quote);
      if (!closed) {
        return {
          fields,
          end: plain.end,
          next: text.length,
          lines,
          open: true,
          error: { code: 1216, reason: "Missing closing quote for CSV" },
        };
      }
      fields.push({ text: closed.text, quoted: true });
      lines += closed.lines;
      at = closed.next;
      if (at < text.length && text[at] !== cut.delimiter && text[at] !== "\n" && !text.startsWith("\r\n", at)) {
        const rest = lineEnd(text, start, text.indexOf("\n", at));
        return { fields, ...rest, lines, error: { code: 1216, reason: "Invalid quote formatting for CSV" } };
      }
    } else {
      const next = nextOf(text, at, cut.delimiter);
      fields.push({ text: text.slice(at, next), quoted: false });
      at = next;
    }
    if (text[at] === cut.delimiter) {
      at++;
      continue;
    }
    const { end, next } = lineEnd(text, start, at >= text.length ? -1 : text.indexOf("\n", at));
    return { fields, end, next, lines };
  }
}

function closeQuote(
  text: string,
  start: number,
  quote: string,
): { text: string; next: number; lines: number } | undefined {
  for (let at = text.indexOf(quote, start); at >= 0; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] === quote) continue;
    const inner = text.slice(start, at);
    return { text: inner.replaceAll(quote + quote, quote), next: at + 1, lines: inner.split("\n").length - 1 };
  }
  return undefined;
}

/** Where an unquoted field ends. */
function nextOf(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && !text.startsWith("\r\n", at)) at++;
  return at;
}
