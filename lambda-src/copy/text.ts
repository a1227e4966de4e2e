import { compressionsIn, conflictsOf } from "./conflicts";

/** Words of the command around the options, which whoever runs the COPY writes itself; a second one fails every load. */
const NOT_OPTIONS = ["MANIFEST", "CREDENTIALS", "IAM_ROLE", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "FROM"];

/** Options that a person wrote as the text of a COPY: what can be said of them without being Redshift. */
export interface OptionsText {
  /** Faults, a line each: text that would not stay one command, words that are not options, two that exclude each other. */
  readonly problems: readonly string[];
  /** GZIP, ZSTD, BZIP2 or LZOP, where named. */
  readonly compression?: string;
}

/** Reads options written as text. Options that this project does not know are let through: Redshift has more of them. */
export function readOptions(text: string): OptionsText {
  // A semicolon outside quotes would end the command; what stands in quotes (a delimiter) is data.
  const bare = text.replace(/'(?:[^']|'')*'/g, "''");
  if (/[;"]|--|\/\*/.test(bare) || (bare.match(/'/g) ?? []).length % 2 !== 0) {
    return { problems: ["must be options of one COPY, without ; comments or open quotes"] };
  }
  const words = wordsOf(bare);
  const strange = NOT_OPTIONS.filter((word) => words.includes(word));
  const [compression] = compressionsIn(words);
  return {
    problems: [...strange.map((word) => `must not hold ${word}, which is written for you`), ...conflictsOf(words)],
    ...(compression === undefined ? {} : { compression }),
  };
}

/** In capitals, without the literals. */
function wordsOf(bare: string): string[] {
  const words = bare.toUpperCase().match(/[A-Z0-9_]+/g) ?? [];
  return words.map((word) => (word === "NULL" ? "NULL AS" : word));
}
