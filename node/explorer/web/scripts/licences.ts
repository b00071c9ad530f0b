/** A Vite plug-in that writes the licences of all packages whose code is in the build. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Plugin } from "vite";

const PACKAGE = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//;
const LICENCE = /^licen[cs]e/i;

/** Emit licences.txt: name, version and licence text of every bundled package, in order of name. */
export function listLicences(): Plugin {
  return {
    name: "veritwin-licences",
    generateBundle(_, bundle): void {
      const folders = new Map<string, string>();
      for (const part of Object.values(bundle)) {
        for (const id of part.type === "chunk" ? part.moduleIds : []) {
          const found = PACKAGE.exec(id.replaceAll("\\", "/"));
          if (found?.[1] !== undefined && found[2] !== undefined) folders.set(found[2], found[1]);
        }
      }
      const texts = [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(describe);
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join("\n\n") });
    },
  };
}

function describe([name, folder]: readonly [string, string]): string {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf-8")) as {
    version: string;
  };
  const file = readdirSync(folder).find((entry) => LICENCE.test(entry));
  if (file === undefined) throw new Error(`${name} comes without a licence file`);
  const text = readFileSync(join(folder, file), "utf-8").trim();
  return `${name} ${version}\n${"-".repeat(72)}\n${text}\n`;
}
