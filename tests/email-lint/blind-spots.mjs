// Features that caniemail.com has data on, but that the `caniemail` package does not find in a mail: functions in
// values, what an `@media` asks for, HTML5 elements, inline SVG and data URLs. Only the search for them is here; who
// supports them comes from the package.

import { getAllFeatures } from "caniemail";
import { placeOf } from "./mails.mjs";

const SEARCHES = [
  ["CSS Variables (Custom Properties)", /\bvar\(/g],
  ["CSS calc() function", /\bcalc\(/g],
  ["clamp()", /\bclamp\(/g],
  ["max()", /[:,\s(]max\(/g],
  ["min()", /[:,\s(]min\(/g],
  ["rgb()", /\brgb\(/g],
  ["rgba()", /\brgba\(/g],
  ["lch(), oklch(), lab(), oklab()", /\b(?:ok)?(?:lch|lab)\(/g],
  ["light-dark()", /\blight-dark\(/g],
  ["linear-gradient()", /\blinear-gradient\(/g],
  ["radial-gradient()", /\bradial-gradient\(/g],
  ["conic-gradient()", /\bconic-gradient\(/g],
  ["@media (prefers-color-scheme)", /\(prefers-color-scheme\b/g],
  ["@media (hover), @media (any-hover)", /\((?:any-)?hover\b/g],
  ["@media (orientation)", /\(orientation\b/g],
  ["@media (prefers-reduced-motion)", /\(prefers-reduced-motion\b/g],
  ["@media (-webkit-device-pixel-ratio)", /\(-webkit-(?:min-|max-)?device-pixel-ratio\b/g],
  ["Embedded <svg> image", /<svg\b/g],
  ["Base 64 image format", /["'(]\s*data:image\//g],
  ["HTML5 semantics", /<(?:article|aside|details|figcaption|figure|footer|header|main|mark|nav)\b/g],
  ["HTML5 semantics", /<(?:section|summary|time)\b/g],
];

// Only in tags and styles: a text may well speak of a "max(" or of "rgb(1, 2, 3)".
const CODE = /<style[^>]*>[\s\S]*?<\/style>|<\w(?:[^>"']|"[^"]*"|'[^']*')*>/g;

export function blindSpots(html, clients) {
  const code = [...html.matchAll(CODE)];
  return SEARCHES.flatMap(([feature, pattern]) => {
    const support = poorSupport(feature, clients);
    return code.flatMap(({ 0: text, index }) =>
      [...text.matchAll(pattern)].flatMap((hit) =>
        support.map((poor) => ({
          feature,
          ...poor,
          element: text.match(/^<(\w+)/)[1].toLowerCase(),
          where: placeOf(html, index + hit.index),
        })),
      ),
    );
  });
}

function poorSupport(feature, clients) {
  const { supported, unsupported } = getAllFeatures(clients);
  const poor = [...unsupported, ...supported].flatMap(([client, features]) =>
    features.filter(({ title }) => title === feature).map(({ support, notes }) => ({ client, support, notes })),
  );
  if (!poor.length) throw new Error(`caniemail has no feature "${feature}" (any more)`);
  return poor.filter(({ support }) => support !== "full");
}
