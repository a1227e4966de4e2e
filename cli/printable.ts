/** Control characters as escapes: text of others (names, reasons, messages) may hold some, and a terminal would obey them. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
