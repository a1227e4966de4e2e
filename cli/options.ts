import { InvalidArgumentError, Option } from "commander";
import { TARGETS } from "./target";

/** A reader of a whole number between `min` and `max`, for commander's options. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number between ${min} and ${max}.`);
    }
    return value;
  };
}

/** Where a command works. */
export const targetOption = () =>
  new Option("--target <where>", "the local run that is up, or the deployed stack").choices(TARGETS).default("local");

/** Port of the local AWS. */
export const portOption = () =>
  new Option("--port <n>", "port of the local AWS on 127.0.0.1 (default: a free one)").argParser(integer(1, 65535));

/** How much waiting is shortened. */
export const speedOption = () =>
  new Option("--speed <n>", "how much waiting is shortened: at 60 a minute of AWS's time takes a second")
    .argParser(integer(1, 1000))
    .default(60);

/** Region of a local AWS that is started for no stack. Any Region's name: its list is AWS's to know. */
export const regionOption = () =>
  new Option("--region <name>", "AWS Region it answers for")
    .argParser((text: string) => {
      if (/^[a-z]{2}(-[a-z]+)+-\d$/.test(text)) return text;
      throw new InvalidArgumentError("It must be the name of a Region, such as us-east-1.");
    })
    .default("us-east-1");

/**
 * The words of a command line, in which SQL that begins with a comment is a statement and not an unknown flag, as in `query "$(cat FILE.sql)"`: no flag has
 * a space behind its dashes.
 */
export const sqlIsNoFlag = (words: readonly string[]): string[] =>
  words.map((word) => (/^--\s/.test(word) ? ` ${word}` : word));
