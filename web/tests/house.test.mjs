// The house's rules for these sources: files of at most 500 lines, nothing loaded from elsewhere, nothing run from text.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

function sources(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|tsx|css|mjs|py)$/.test(name))
    .map((name) => join(folder, name));
}

const ALL = [...sources("src"), ...sources("scripts"), ...sources("tests")];

it.each(ALL)("%s is one idea long and begins by saying which", (name) => {
  const text = readFileSync(join(ROOT, name), "utf8");
  expect(text.split("\n").length).toBeLessThanOrEqual(500);
  expect(text).toMatch(/^(\/\/|\/\*|""")/);
});

it.each(sources("src"))("%s loads nothing from elsewhere and runs no text", (name) => {
  const text = readFileSync(join(ROOT, name), "utf8");
  expect(text).not.toMatch(/https?:\/\/|\beval\(|new Function|innerHTML|dangerouslySetInnerHTML/);
});

it("the lock file names no registry", () => {
  expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toMatch(/"resolved"|registry/);
});

it("the style sheet has the palette's tones", () => {
  const palette = readFileSync(join(ROOT, "src/style/palette.ts"), "utf8");
  const tones = [.../TONE = \{([^}]*)\}/.exec(palette)[1].matchAll(/(\w+): "(#\w{6})"/g)];
  expect(tones.length).toBeGreaterThan(5);
  const sheet = readFileSync(join(ROOT, "src/style/base.css"), "utf8");
  for (const [, name, colour] of tones) expect(sheet).toContain(`--${name}: ${colour};`);
});
