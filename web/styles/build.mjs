// Writes ../assets/app.css, app.rtl.css, console.css and app.js from the sources beside this file.
// Run it by "make assets". The pictures in ../assets are drawn by hand.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import rtlcss from "rtlcss";
import * as sass from "sass";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// Phones of the last six years or so: people come with cheap ones.
const target = ["chrome87", "firefox85", "safari14"];

const compile = (source) => {
  const compiled = sass.compile(here(source), {
    loadPaths: [here("node_modules/@uswds/uswds/packages")],
    logger: sass.Logger.silent,
  });
  // Nothing may be fetched beside the style sheet: fonts are the system's, pictures are
  // drawn in the page.
  const css = compiled.css.replace(/@font-face\s*{[^}]*}/g, "");
  const fetched = css.match(/url\([^)]*\)/g);
  if (fetched) throw new Error(`the style sheet ${source} would fetch ${fetched.join(", ")}`);
  return css;
};

const minified = async (code, loader) =>
  (await esbuild.transform(code, { loader, minify: true, target, legalComments: "none" })).code;

const css = compile("app.scss");
const script = await readFile(here("app.js"), "utf8");
await writeFile(here("../assets/app.css"), await minified(css, "css"));
// What only the console has, beside app.css. Its pages are in English.
await writeFile(here("../assets/console.css"), await minified(compile("console.scss"), "css"));
await writeFile(here("../assets/app.rtl.css"), await minified(rtlcss.process(css), "css"));
await writeFile(here("../assets/app.js"), await minified(`(() => {${script}})();`, "js"));
