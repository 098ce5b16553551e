// Makes the pictures of README from the messages of the demo: node pictures.mjs MESSAGES PICTURES

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "./browser.mjs";

const [messages, pictures] = process.argv.slice(2);
if (!pictures) throw new Error("usage: node pictures.mjs MESSAGES PICTURES");

// So much of each message is shown.
const DESKTOP = { width: 800, height: 1300 };
const PHONE = { width: 375, height: 812 };
const DARK = { width: 600, height: 812 };

const browser = await chromium.launch({ executablePath: findChromium(process.env) });
try {
  const daily = "daily-queues-1.html";
  await show({ file: daily, viewport: DESKTOP, colorScheme: "light", picture: "message.png" });
  const phone = await show({ file: daily, viewport: PHONE, colorScheme: "light" });
  const dark = await show({ file: "weekly-overview-1.html", viewport: DARK, colorScheme: "dark" });
  await besideEachOther([phone, dark], "message-phone-and-dark.png");
} finally {
  await browser.close();
}

// Opens a message and takes a picture of what is seen of it without scrolling.
async function show({ file, viewport, colorScheme, picture }) {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  await page.goto(pathToFileURL(join(messages, file)).href, { waitUntil: "load" });
  const path = picture && join(pictures, picture);
  const png = await page.screenshot({ path });
  await context.close();
  return png;
}

async function besideEachOther(images, picture) {
  const width = PHONE.width + 24 + DARK.width;
  const page = await browser.newPage({ viewport: { width, height: PHONE.height } });
  const urls = images.map((png) => `data:image/png;base64,${png.toString("base64")}`);
  const body = urls.map((url) => `<img src="${url}">`).join("");
  await page.setContent(`<body style="margin:0;display:flex;gap:24px">${body}</body>`, { waitUntil: "load" });
  await page.screenshot({ path: join(pictures, picture) });
}
