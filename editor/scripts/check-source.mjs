// What no linter knows: texts only in src/text, no physical directions in styles, the engine's
// comparisons and the editor's the same.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const root = new URL("../src", import.meta.url).pathname;
const problems = [];

// The canvas is drawn physically; these two files say which side is which.
const physicalAllowed = new Set(["canvas/step-node.tsx", "styles.css", "inspector/code/code-mirror.tsx"]);
const physical =
  /(?<![\w-])-?(?:ml|mr|pl|pr|left|right|border-l|border-r|rounded-l|rounded-r)-(?:\d|\[|px|auto|full)|(?<![\w-])text-(?:left|right)(?![\w-])/;
const arabic = /[\u0600-\u06ff]/;
// A run of words between tags, or in an attribute that people read.
const prose =
  /(?<![=\-!<>&|?(] ?)>\s*([A-Z][a-z]+(?: [a-z]+)*)\s*<\/|(?:aria-label|placeholder|title|alt)="([^"]*[a-z][^"]*)"/;

for (const name of await readdir(root, { recursive: true })) {
  if (!/\.(tsx?|css)$/.test(name) || name.endsWith(".test.ts") || name === "api/schema.gen.ts") continue;
  const lines = (await readFile(join(root, name), "utf8")).split("\n");
  lines.forEach((line, index) => {
    const at = `src/${name}:${index + 1}`;
    const code = line.replace(/^\s*(\/\/|\*|\/\*).*/, "");
    if (!physicalAllowed.has(name) && physical.test(code))
      problems.push(`${at}: a physical direction; use start and end`);
    if (name.startsWith("text/")) return;
    // Sample data and the digits that people type are no texts of the interface.
    if (arabic.test(code) && !/pages\/examples\.ts|٠١٢٣٤٥٦٧٨٩|٠-٩|،|٬|العربية|لغة/.test(`${name} ${code}`))
      problems.push(`${at}: Arabic text outside src/text`);
    const found = prose.exec(code);
    const said = found?.[1] ?? found?.[2];
    if (said && name.endsWith(".tsx") && !/^(?:English|Ctrl K|Asia\/Riyadh|\d.*)$/.test(said))
      problems.push(`${at}: text outside src/text: "${said}"`);
  });
}

const engine = await readFile(new URL("../../engine/src/value/condition.rs", import.meta.url), "utf8");
const editor = await readFile(join(root, "text/operators.ts"), "utf8");
const rows = [
  ...engine.matchAll(
    /row\(\s*"(\w+)",\s*Operator::\w+,\s*Takes::(\w+),\s*(true|false),\s*"([^"]+)",\s*"([^"]+)"/g,
  ),
];
if (rows.length === 0) problems.push("engine/src/value/condition.rs: its table of comparisons was not found");
for (const [, name, takes, folds, en, ar] of rows) {
  const row = `name: "${name}", takes: "${takes.toLowerCase()}", folds: ${folds}, en: "${en}", ar: "${ar}"`;
  if (!editor.replace(/\s+/g, " ").includes(row))
    problems.push(`src/text/operators.ts: the engine has { ${row} }`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
