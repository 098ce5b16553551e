// Lints the markup of a mail (html-validate) and its size.

import { readFileSync } from "node:fs";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

// Gmail clips a mail at about 102 KB, and with the rest it can drop the styles.
const LIMIT = 100_000;

// The one configuration here holds wherever the mails lie, hence no look-up beside them.
const config = JSON.parse(readFileSync(new URL(".htmlvalidate.json", import.meta.url), "utf8"));
const validator = new HtmlValidate(new StaticConfigLoader(config));

export async function checkMarkup({ name, html }) {
  const { results } = await validator.validateString(html, name);
  return results
    .flatMap((result) => result.messages)
    .map(({ ruleId, line, column, message }) => ({
      file: name,
      tool: "html-validate",
      rule: ruleId,
      where: `${line}:${column}`,
      message,
    }));
}

export function checkSize({ name, html }) {
  const bytes = Buffer.byteLength(html);
  if (bytes < LIMIT) return [];
  const message = `${bytes} bytes of HTML; Gmail clips a mail at about 102 KB, so it must stay below ${LIMIT}`;
  return [{ file: name, tool: "size", rule: "clipped", where: "whole mail", message }];
}
