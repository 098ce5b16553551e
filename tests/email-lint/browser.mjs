// Opens a mail in an installed Chromium, without any network: lints its accessibility (axe) and its layout on a phone,
// and takes screenshots.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findOverflow } from "./overflow.mjs";

const PHONE = { width: 375, height: 812 };
// The narrowest that many people have.
const SMALL_PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 800, height: 1000 };

const VIEWS = [
  { name: "light", viewport: DESKTOP, colorScheme: "light" },
  { name: "dark", viewport: DESKTOP, colorScheme: "dark" },
  { name: "phone light", viewport: PHONE, colorScheme: "light" },
  { name: "phone dark", viewport: PHONE, colorScheme: "dark" },
  { name: "small phone", viewport: SMALL_PHONE, colorScheme: "light" },
];

const SCREENSHOTS = [
  { name: "light", viewport: DESKTOP, colorScheme: "light" },
  { name: "dark", viewport: DESKTOP, colorScheme: "dark" },
  { name: "phone", viewport: PHONE, colorScheme: "light", deviceScaleFactor: 2 },
  { name: "no-images", viewport: DESKTOP, colorScheme: "light", images: false },
];

const USUAL_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium-browser",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function findChromium({ CHROMIUM }) {
  if (CHROMIUM && !existsSync(CHROMIUM)) throw new Error(`CHROMIUM names ${CHROMIUM}, which does not exist`);
  return CHROMIUM || USUAL_PATHS.find((path) => existsSync(path));
}

export async function openBrowser(executablePath, screenshots) {
  const browser = await launch(executablePath);
  return {
    close: () => browser.close(),
    async check(mail) {
      if (screenshots) await takeScreenshots(browser, mail, screenshots);
      return checkViews(browser, mail);
    },
  };
}

async function launch(executablePath) {
  try {
    return await chromium.launch({ executablePath });
  } catch (error) {
    throw new Error(`${executablePath} does not start as a Chromium: ${error.message.split("\n")[0]}`);
  }
}

async function checkViews(browser, mail) {
  const remote = new Set();
  const violations = new Map();
  const overflow = new Map();
  for (const view of VIEWS) {
    await withPage(browser, mail, view, async (page, refused) => {
      const { width } = view.viewport;
      if (width < DESKTOP.width) overflow.set(width, await page.evaluate(findOverflow, width));
      await page.evaluate(axe);
      for (const violation of await page.evaluate(runAxe)) gather(violations, violation, view.name);
      for (const url of refused) remote.add(url);
    });
  }
  const found = (tool) => ({ rule, where, message }) => ({ file: mail.name, tool, rule, where, message });
  return [
    ...[...violations.values()]
      .map(({ views, ...violation }) => ({ ...violation, message: `${violation.message} [${views.join(", ")}]` }))
      .map(found("axe")),
    ...[...overflow.values()].flat().map(({ where, message }) => ({ rule: "overflow", where, message })).map(found("phone")),
    ...[...remote]
      .map((url) => ({ rule: "remote", where: url, message: "the mail loads something that it does not carry itself" }))
      .map(found("browser")),
  ];
}

// The same fault is mostly there in several views: told once, with the views.
function gather(violations, violation, view) {
  const key = JSON.stringify(violation);
  const known = violations.get(key);
  if (known) known.views.push(view);
  else violations.set(key, { ...violation, views: [view] });
}

// Runs in the page, as does `findOverflow`. All rules that axe has on by itself, "best practice" among them. Text in
// the very colour of its background is only "incomplete" to axe, as it may be hidden on purpose; in a mail it is what
// a forgotten dark colour looks like.
async function runAxe() {
  const { violations, incomplete } = await globalThis.axe.run(document);
  const invisible = incomplete
    .filter(({ id }) => id === "color-contrast")
    .map((result) => ({ ...result, nodes: result.nodes.filter(hasEqualColors) }));
  return [...violations, ...invisible].flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, any, all, none }) => ({
      rule: id,
      where: target.flat().join(" "),
      message: [help, ...[...any, ...all, ...none].map(({ message }) => message)].join(": "),
    })),
  );

  function hasEqualColors({ any }) {
    return any.some(({ data }) => data?.messageKey === "equalRatio");
  }
}

async function takeScreenshots(browser, mail, folder) {
  for (const shot of SCREENSHOTS) {
    await withPage(browser, mail, shot, (page) =>
      page.screenshot({ path: join(folder, `${mail.stem}-${shot.name}.png`), fullPage: true }),
    );
  }
}

async function withPage(browser, mail, view, use) {
  const { viewport, colorScheme, deviceScaleFactor = 1, images = true } = view;
  const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor });
  try {
    const page = await context.newPage();
    const refused = await serve(page, mail, images);
    await page.goto(pathToFileURL(mail.path).href, { waitUntil: "load" });
    await use(page, refused);
  } finally {
    await context.close();
  }
}

// The page gets the mail and its pictures, and nothing else. Returns the list that gathers what it asked for besides.
async function serve(page, mail, images) {
  const address = pathToFileURL(mail.path).href;
  const folder = `${pathToFileURL(mail.folder).href}/`;
  const refused = [];
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url === address) return route.fulfill({ contentType: "text/html; charset=utf-8", body: mail.html });
    const path = url.startsWith(folder) && url.endsWith(".png") && fileURLToPath(url);
    if (!path || !existsSync(path)) refused.push(url);
    else if (images) return route.fulfill({ path });
    return route.abort();
  });
  return refused;
}
