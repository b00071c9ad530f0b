/** verify.html: the verifier alone, in one file that works without a network. */

import { render } from "preact";

import { VerifyTool } from "./components/verify-tool";
import { startTheme } from "./lib/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";

function Page() {
  return (
    <main id="main" class="alone">
      <div class="page-head"><h1>Veritwin: verify a receipt</h1></div>
      <p class="lead">
        This page checks a receipt with nothing but a genesis file. It has no network access: you
        can keep it on a memory stick. It does the same as <code>veritwin verify</code>.
      </p>
      <VerifyTool pinned={null} isLinked={false} />
    </main>
  );
}

startTheme();
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
