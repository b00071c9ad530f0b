/** Refuse a build that is too large for a page, or that leads to another host. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const SCRIPTS_GZIP_MAX = 150_000;
const OUTPUT = fileURLToPath(new URL("../../static/", import.meta.url));
/** Names of vocabularies, and the page that a library's error message points to: never asked for. */
const NAMES = /^https?:\/\/(?:www\.w3\.org\/|in-toto\.io\/|github\.com\/preactjs\/preact-iso#)/;

const files = readdirSync(OUTPUT, { recursive: true })
  .map((name) => join(OUTPUT, String(name)))
  .filter((path) => statSync(path).isFile())
  .sort();

let scripts = 0;
for (const path of files.filter((name) => !name.endsWith("licences.txt"))) {
  const text = readFileSync(path, "utf-8");
  if (path.endsWith(".js")) scripts += gzipSync(text).length;
  const foreign = (text.match(/https?:\/\/[^\s"'`)\\<]+/g) ?? []).filter((url) => !NAMES.test(url));
  if (foreign.length > 0) fail(`${path} names another host: ${foreign.join(", ")}`);
  if (path.endsWith("verify.html") && /\s(?:src|href)="(?!data:|#)/.test(text.replace(/<script[\s\S]*<\/script>/, ""))) {
    fail("verify.html is not one file: it asks for others");
  }
}
if (scripts === 0) fail("the build holds no script");
if (scripts > SCRIPTS_GZIP_MAX) fail(`the scripts have ${scripts} bytes compressed, over ${SCRIPTS_GZIP_MAX}`);
console.log(`static/: ${files.length} files, scripts ${(scripts / 1000).toFixed(1)} kB compressed`);

function fail(reason) {
  console.error(`build refused: ${reason}`);
  process.exit(1);
}
