// The colours as numbers, for every pair that the styles use: a page that a browser test happens not to show is held to it too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const tokens = readFileSync(new URL("../web/css/tokens.css", import.meta.url), "utf8");
const colours = new Map(
  [...tokens.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g)].map(([, name, light, dark]) => [name, { light, dark }]),
);

const GROUNDS = ["ground", "panel", "hover", "accent-ground"];
const LEVELS = ["critical", "high", "medium", "low", "info", "ok"];
const TEXT = [
  ...["ink", "ink-2", "ink-3", "accent"].flatMap((ink) => GROUNDS.map((ground) => [ink, ground])),
  ...LEVELS.flatMap((level) => [`${level}-ground`, "panel", "ground", "hover", "accent-ground"].map((ground) => [level, ground])),
  ...LEVELS.flatMap((level) => ["ink", "ink-2", "accent"].map((ink) => [ink, `${level}-ground`])),
  ["on-accent", "accent"],
];
const SHAPES = [["edge", "ground"], ["edge", "panel"], ["accent", "line"], ["partly", "line"], ["partly", "panel"]];

// WCAG 2.2, "relative luminance" and "contrast ratio".
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function tooWeak(pairs, least) {
  return ["light", "dark"].flatMap((scheme) =>
    pairs
      .map(([ink, ground]) => ({ name: `${ink} on ${ground}, ${scheme}`, ratio: contrast(colours.get(ink)[scheme], colours.get(ground)[scheme]) }))
      .filter(({ ratio }) => ratio < least)
      .map(({ name, ratio }) => `${name}: ${ratio.toFixed(2)}`),
  );
}

test("every text can be read on every ground in both schemes", () => assert.deepEqual(tooWeak(TEXT, 4.5), []));
test("every edge and meter can be told from its ground in both schemes", () => assert.deepEqual(tooWeak(SHAPES, 3), []));
