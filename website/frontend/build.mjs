// Builds everything the browser gets into website/static/build/: app.css, app.js, fonts/ and icons.json;
// calendar.js and calendar.css are for the one page that has the grid, zone.js is for the timetable.
// `npm run build` once, `npm run watch` while working on templates. Nothing is fetched; all comes from node_modules.

import { spawn } from "node:child_process";
import { cp, mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const out = join(root, "website", "static", "build");
const watch = process.argv.includes("--watch");

const FONTS = ["literata", "source-sans-3"];
const APPS = ["accounts", "scheduling", "payments", "booking", "notifications", "website"];

// Icons whose names are not written out in a template: the tones of a notice and of a message.
const ALWAYS = ["info", "circle-check", "triangle-alert", "circle-alert"];

async function copyFonts() {
  await mkdir(join(out, "fonts"), { recursive: true });
  for (const font of FONTS) {
    for (const subset of ["latin", "latin-ext"]) {
      const name = `${font}-${subset}-wght-normal.woff2`;
      await cp(join(root, "node_modules", "@fontsource-variable", font, "files", name), join(out, "fonts", name));
    }
  }
}

async function filesIn(folder, endings) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name));
}

// Every icon that a template names (`{% icon "clock" %}`, `icon="clock"`), as the inside of its svg element.
async function collectIcons() {
  const names = new Set(ALWAYS);
  for (const app of APPS) {
    for (const file of await filesIn(join(root, app), [".html", ".py"])) {
      const text = await readFile(file, "utf8");
      for (const [, name] of text.matchAll(/\bicon(?:=| )"([a-z0-9-]+)"/g)) names.add(name);
    }
  }
  const icons = {};
  for (const name of [...names].sort()) {
    const file = join(root, "node_modules", "lucide-static", "icons", `${name}.svg`);
    const svg = await readFile(file, "utf8").catch(() => {
      throw new Error(`There is no icon named "${name}" in lucide-static.`);
    });
    icons[name] = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s*\n\s*/g, "");
  }
  // Written aside and renamed, so that a running server never reads half a file.
  await writeFile(join(out, "icons.json.new"), JSON.stringify(icons, null, 1) + "\n");
  await rename(join(out, "icons.json.new"), join(out, "icons.json"));
}

function buildStyles() {
  const cli = join(root, "node_modules", "@tailwindcss", "cli", "dist", "index.mjs");
  const options = ["--input", join(here, "css", "app.css"), "--output", join(out, "app.css")];
  const mode = watch ? ["--watch=always"] : ["--minify"];
  const child = spawn(process.execPath, [cli, ...options, ...mode], { cwd: root, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error("The style sheet was not built."))));
  });
}

async function buildScripts() {
  const options = {
    entryPoints: ["js/app.js", "js/calendar.js", "js/zone.js", "css/calendar.css"].map((file) => join(here, file)),
    entryNames: "[name]",
    outdir: out,
    bundle: true,
    minify: true,
    target: ["es2020"],
    legalComments: "none",
    logLevel: "warning",
  };
  if (!watch) return esbuild.build(options);
  return (await esbuild.context(options)).watch();
}

await mkdir(out, { recursive: true });
await Promise.all([copyFonts(), collectIcons(), buildScripts(), buildStyles()]);
