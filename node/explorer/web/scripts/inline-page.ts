/** A Vite plug-in that puts the scripts and styles of verify.html into the page itself. */

import { createHash } from "node:crypto";

import type { Plugin } from "vite";

const SCRIPT = /<script type="module"[^>]*src="\/([^"]+)"[^>]*><\/script>/g;
const STYLE = /<link rel="stylesheet"[^>]*href="\/([^"]+)"[^>]*>/g;
const POLICY = "__POLICY__";

/**
 * Inline everything, and write a policy that allows exactly these scripts and styles and no network.
 */
export function inlinePage(): Plugin {
  return {
    name: "veritwin-inline-page",
    enforce: "post",
    generateBundle(_, bundle): void {
      const page = bundle["verify.html"];
      if (page?.type !== "asset") throw new Error("verify.html is not part of the build");
      const hashes = { script: [] as string[], style: [] as string[] };
      const take = (name: string, kind: keyof typeof hashes): string => {
        const part = bundle[name];
        if (part === undefined) throw new Error(`${name} is not part of the build`);
        delete bundle[name];
        const text = part.type === "chunk" ? part.code : String(part.source);
        const safe = text.replaceAll("</script", "<\\/script").trim();
        hashes[kind].push(`'sha256-${createHash("sha256").update(safe).digest("base64")}'`);
        return safe;
      };
      const html = String(page.source)
        .replace(STYLE, (_tag, name: string) => `<style>${take(name, "style")}</style>`)
        .replace(SCRIPT, (_tag, name: string) => `%SCRIPT%${take(name, "script")}</script>`);
      const policy =
        `default-src 'none'; script-src ${hashes.script.join(" ")}; ` +
        `style-src ${hashes.style.join(" ")}; img-src data:; base-uri 'none'; form-action 'none'`;
      page.source = moveScripts(html).replace(POLICY, () => policy);
    },
  };
}

/** Put inlined scripts at the end of the body: they run when the page is there. */
function moveScripts(html: string): string {
  let scripts = "";
  const rest = html.replace(/%SCRIPT%([\s\S]*?)<\/script>/g, (_tag, code: string) => {
    scripts += `<script type="module">${code}</script>\n`;
    return "";
  });
  return rest.replace("</body>", () => `${scripts}</body>`);
}
