// Writes a .br beside every built file that gains from it; the server sends those as they are.
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = new URL("../dist/site", import.meta.url).pathname;
let before = 0;
let after = 0;
for (const name of await readdir(root, { recursive: true })) {
  const path = join(root, name);
  // Every browser that runs this takes woff2.
  if (name.endsWith(".woff")) await rm(path);
  if (!/\.(js|css|svg|json|html)$/.test(name) || (await stat(path)).size < 1024) continue;
  const bytes = await readFile(path);
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  await writeFile(`${path}.br`, packed);
  before += bytes.length;
  after += packed.length;
}
// What the first page needs, without fonts: the entry, what it preloads, the styles.
const page = await readFile(join(root, "index.html"), "utf8");
let first = 0;
for (const [, name] of page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)) {
  first += gzipSync(await readFile(join(root, name))).length;
}
console.log(`first paint ${Math.round(first / 1000)} kB gzip, without fonts`);
if (first > 250_000) {
  console.error("the first paint may weigh 250 kB at most: load something later");
  process.exit(1);
}
console.log(`compressed ${Math.round(before / 1024)} kB to ${Math.round(after / 1024)} kB`);
