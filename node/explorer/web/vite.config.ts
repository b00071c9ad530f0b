import { defineConfig } from "vite";

import { inlinePage } from "./scripts/inline-page.ts";
import { listLicences } from "./scripts/licences.ts";

const OUTPUT = "../static";

/**
 * Two builds: the explorer, then (mode "verify") verify.html, one file with everything in it.
 *
 * Nothing in the output depends on when, where or by whom it is built.
 */
export default defineConfig(({ mode }) => {
  const isVerify = mode === "verify";
  return {
    base: "/",
    publicDir: isVerify ? false : "public",
    plugins: isVerify ? [inlinePage()] : [listLicences()],
    oxc: { jsx: { runtime: "automatic" as const, importSource: "preact" } },
    build: {
      outDir: OUTPUT,
      emptyOutDir: !isVerify,
      target: "es2022",
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 400,
      ...(isVerify ? { rolldownOptions: { input: "verify.html" } } : {}),
    },
    server: { proxy: { "/v1": "http://127.0.0.1:8800" } },
    test: { include: ["test/**/*.test.ts"], environment: "node" },
  };
});
