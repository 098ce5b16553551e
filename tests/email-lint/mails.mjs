// Finds the mails below a folder and tells where in a mail something stands.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

// Every `*.html` below the folder, in a stable order. What a mail attaches is no mail.
export function findMails(folder) {
  return htmlFiles(folder).sort().map((path) => loadMail(folder, path));
}

function htmlFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === "node_modules" ? [] : htmlFiles(path);
    }
    return entry.name.endsWith(".html") ? [path] : [];
  });
}

function loadMail(folder, path) {
  const name = relative(folder, path).split(sep).join("/");
  return {
    path,
    name,
    // Mails of the same name in two folders must not overwrite each other's screenshots.
    stem: name.replace(/\.html$/, "").replaceAll("/", "-"),
    // The pictures of the mail lie beside it, under the names by which it shows them.
    folder: dirname(path),
    html: readFileSync(path, "utf8"),
  };
}

// `line:column` of an offset in a text, both counted from 1.
export function placeOf(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return `${before.length}:${before.at(-1).length + 1}`;
}

// The same text with everything but its line ends blanked out where `pattern` matches, so that what is left
// keeps its place.
export function blank(text, pattern) {
  return text.replace(pattern, (match) => match.replace(/[^\n]/g, " "));
}
