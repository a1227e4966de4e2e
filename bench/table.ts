/** A part of bench/README.md. */
export interface Section {
  readonly title: string;
  /** What measures it again. @default - nothing is said of it */
  readonly command?: string;
  /** What is compared, in a sentence or two. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What was promised, and whether this run kept it. */
  readonly goals: readonly Goal[];
}

export interface Goal {
  readonly says: string;
  readonly got: string;
  readonly kept: boolean;
}

export function markdown({ title, command, text, head, rows, goals }: Section): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `## ${title}`,
    ...(command === undefined ? [] : [`\`${command}\``, ""]),
    text,
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
    ...goals.map(({ says, got, kept }) => `- ${kept ? "kept" : "**not kept**"}: ${says}; this run: ${got}`),
    "",
  ].join("\n");
}

export const seconds = (value: number) => `${value.toFixed(2)} s`;
export const times = (value: number) => `${value.toFixed(1)}x`;
export const whole = (value: number) => Math.round(value).toLocaleString("en-US");

/** The text with these sections put in for those of the same titles in `before`; new ones come last, the others stay as they were. */
export function merged(head: string, before: string, sections: readonly Section[]): string {
  const texts = new Map<string, string>();
  for (const text of before.split(/^(?=## )/m)) {
    const title = /^## (.*)/.exec(text)?.[1];
    if (title !== undefined) texts.set(title, `${text.trimEnd()}\n`);
  }
  for (const section of sections) texts.set(section.title, `${markdown(section).trimEnd()}\n`);
  return [head, ...texts.values()].join("\n");
}
