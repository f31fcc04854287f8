// Writes the API's types from docs/openapi.json; with --check only tells whether they are current.
import { readFile, writeFile } from "node:fs/promises";
import openapi, { astToString } from "openapi-typescript";

const source = new URL("../../docs/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.gen.ts", import.meta.url);

const document = JSON.parse(await readFile(source, "utf8"));
// Operation ids repeat from resource to resource; paths name an operation well enough.
for (const methods of Object.values(document.paths)) {
  for (const operation of Object.values(methods)) delete operation.operationId;
}
const text = `// Made by scripts/api-types.mjs from docs/openapi.json.\n\n${astToString(
  await openapi(document, { emptyObjectsUnknown: true, defaultNonNullable: false }),
)}`;
if (process.argv.includes("--check")) {
  const current = await readFile(target, "utf8").catch(() => "");
  if (current !== text) {
    console.error("src/api/schema.gen.ts is not current: run `npm run api`");
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
