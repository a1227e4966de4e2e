import { markdown, merged, type Section } from "../../bench/table";

const section = (title: string, cell: string): Section => ({
  title,
  command: `npm run bench -- ${title.toLowerCase()}`,
  text: "What is compared.",
  head: ["way", "time"],
  rows: [["ours", cell]],
  goals: [
    { says: "quick", got: cell, kept: true },
    { says: "small", got: "large", kept: false },
  ],
});

test("a section says how to measure it again, its figures, and which goals were kept", () => {
  expect(markdown(section("One", "1 s"))).toBe(
    [
      "## One",
      "`npm run bench -- one`",
      "",
      "What is compared.",
      "",
      "| way | time |",
      "| --- | --- |",
      "| ours | 1 s |",
      "",
      "- kept: quick; this run: 1 s",
      "- **not kept**: small; this run: large",
      "",
    ].join("\n"),
  );
});

test("a part that is measured again takes its old place, the others stay as they were, new ones come last", () => {
  const before = merged("# Head\n", "", [section("One", "1 s"), section("Two", "2 s")]);
  const after = merged("# Head\n", before, [section("Three", "3 s"), section("One", "9 s")]);
  expect(after).toBe(
    [
      "# Head\n",
      markdown(section("One", "9 s")),
      markdown(section("Two", "2 s")),
      markdown(section("Three", "3 s")),
    ].join("\n"),
  );
  expect(merged("# Head\n", after, [])).toBe(after);
});
