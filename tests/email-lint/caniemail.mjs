// Lints which HTML and CSS features a mail uses that Gmail, Outlook or Apple Mail do not support, or support only in
// part (data of caniemail.com). Allowed is what `allowed-features.json` lists, each with the reason why it is harmless.

import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";
import { blindSpots } from "./blind-spots.mjs";
import { blank } from "./mails.mjs";

const CLIENTS = [
  "gmail.android",
  "gmail.desktop-webmail",
  "gmail.ios",
  "gmail.mobile-webmail",
  "outlook.android",
  "outlook.ios",
  "outlook.macos",
  "outlook.outlook-com",
  "outlook.windows",
  "outlook.windows-mail",
  "apple-mail.ios",
  "apple-mail.macos",
];

const LIST = "allowed-features.json";
const COMMENT = /<!--[\s\S]*?-->/g;
const STYLE_TEXT = /(?<=<style[^>]*>)[\s\S]*?(?=<\/style>)/g;

export function readAllowed() {
  const entries = JSON.parse(readFileSync(new URL(LIST, import.meta.url), "utf8"));
  for (const { feature, clients, fallback } of entries) {
    if (!feature || !clients?.length || !fallback) {
      throw new Error(`${LIST}: "${feature}" needs a feature, clients and a fallback`);
    }
  }
  return new Allowed(entries);
}

// The list, and which of it has been needed so far.
class Allowed {
  #entries;
  #needed = new Set();

  constructor(entries) {
    this.#entries = entries;
  }

  covers({ feature, client, element }) {
    let covered = false;
    for (const [index, { feature: allowed, clients, on }] of this.#entries.entries()) {
      const pattern = clients.find((pattern) => matches(pattern, client));
      if (allowed !== feature || !pattern || (on && !on.includes(element))) continue;
      this.#needed.add(`${index} ${pattern}`);
      if (on) this.#needed.add(`${index} <${element}>`);
      covered = true;
    }
    return covered;
  }

  // An entry that nothing needs would let a later mistake pass.
  unneeded() {
    return this.#entries.flatMap(({ feature, clients, on = [] }, index) =>
      [...clients, ...on.map((element) => `<${element}>`)]
        .filter((part) => !this.#needed.has(`${index} ${part}`))
        .map((part) => ({
          file: LIST,
          tool: "caniemail",
          rule: "unneeded",
          where: `"${feature}", ${part}`,
          message: "no linted mail needs this any more: take it off the list",
        })),
    );
  }
}

function matches(pattern, client) {
  return pattern.endsWith(".*") ? client.startsWith(pattern.slice(0, -1)) : client === pattern;
}

export function checkClients({ name, html }, allowed) {
  const places = new Map();
  for (const use of uses(html).filter((use) => !allowed.covers(use))) {
    const key = `${use.feature} ${use.element} ${use.where}`;
    const place = places.get(key) ?? { ...use, clients: new Map() };
    place.clients.set(`${use.client} ${use.support}`, use);
    places.set(key, place);
  }
  return [...places.values()].map(({ feature, element, where, clients }) => ({
    file: name,
    tool: "caniemail",
    rule: `"${feature}"`,
    where,
    message: `on <${element}>: ${explain([...clients.values()])}`,
  }));
}

function explain(uses) {
  const clients = (support) => uses.filter((use) => use.support === support).map((use) => use.client);
  const told = [
    ["not supported by", clients("none")],
    ["partly supported by", clients("partial")],
  ].filter(([, clients]) => clients.length);
  const notes = [...new Set(uses.flatMap((use) => use.notes))];
  const support = told.map(([how, clients]) => `${how} ${clients.join(", ")}`).join("; ");
  return notes.length ? `${support}. ${notes.join(" ")}` : support;
}

function uses(html) {
  const live = blank(html, COMMENT);
  // The package counts lines from the start of a <style>: given alone and at its old place, they come out right.
  const styles = [...live.matchAll(STYLE_TEXT)].map(({ 0: text, index }) => blank(live.slice(0, index), /.+/g) + text);
  return [
    ...featuresOf(html, { html: blank(html, STYLE_TEXT) }),
    ...styles.flatMap((css) => featuresOf(html, { css })),
    ...blindSpots(live, CLIENTS),
  ];
}

function featuresOf(html, source) {
  const { issues } = caniemail({ clients: CLIENTS, ...source });
  const lines = html.split("\n");
  return [...issues.errors, ...issues.warnings]
    .flatMap(([client, issues]) => issues.map((issue) => useOf(issue, client, lines)))
    .filter(isMeant);
}

function useOf({ title, support, notes, position }, client, lines) {
  const start = position?.start;
  const tag = start && lines[start.line - 1].slice(start.column - 1).match(/^<(\w+)/);
  return {
    feature: title,
    client,
    support,
    notes,
    element: tag ? tag[1].toLowerCase() : "style",
    where: start ? `${start.line}:${start.column}` : "in <style>",
  };
}

// The package looks for a name anywhere in a tag's name, and takes a <tbody> for a <body>.
function isMeant({ feature, element }) {
  const named = feature.match(/^<(\w+)>( element)?$/);
  return !named || named[1] === element;
}
