// Lints the HTML mails below a folder: markup, support by mail clients, accessibility, layout on a phone, size.
//
//     node lint.mjs FOLDER [--screenshots OUT] [--partial]
//
// Prints one line per finding and a summary, and exits with 1 if there is any finding. See README.md.

import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { findChromium, openBrowser } from "./browser.mjs";
import { checkClients, readAllowed } from "./caniemail.mjs";
import { fold, line } from "./findings.mjs";
import { findMails } from "./mails.mjs";
import { checkMarkup, checkSize } from "./markup.mjs";

const USAGE = "usage: node lint.mjs FOLDER [--screenshots OUT] [--partial]";

const NO_BROWSER =
  "email-lint: no Chromium found: accessibility, overflow and screenshots are skipped. " +
  "Install chromium or google-chrome, or name one in the environment variable CHROMIUM.";

async function main() {
  const { folder, screenshots, partial } = readArguments();
  const mails = findMails(folder);
  if (!mails.length) throw new Error(`no *.html below ${folder}`);

  const allowed = readAllowed();
  const browser = await browserFor(screenshots);
  const findings = [];
  try {
    for (const mail of mails) {
      findings.push(...(await checkMarkup(mail)), ...checkSize(mail));
      findings.push(...checkClients(mail, allowed));
      if (browser) findings.push(...(await browser.check(mail)));
    }
  } finally {
    await browser?.close();
  }
  if (!partial) findings.push(...allowed.unneeded());

  const folded = fold(findings);
  for (const finding of folded) console.log(line(finding));
  console.log(`email-lint: ${mails.length} files, ${folded.length} problems`);
  return folded.length ? 1 : 0;
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { screenshots: { type: "string" }, partial: { type: "boolean", default: false } },
  });
  if (positionals.length !== 1) throw new Error(USAGE);
  return { folder: positionals[0], ...values };
}

async function browserFor(screenshots) {
  const executable = findChromium(process.env);
  if (!executable) {
    // A check that CI relies on must not vanish there without anybody noticing.
    if (process.env.CI && process.env.REQUIRE_BROWSER === "1") throw new Error(NO_BROWSER);
    console.error(NO_BROWSER);
    return undefined;
  }
  if (screenshots) mkdirSync(screenshots, { recursive: true });
  return openBrowser(executable, screenshots);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message.startsWith("email-lint") ? error.message : `email-lint: ${error.message}`);
  process.exitCode = 1;
}
