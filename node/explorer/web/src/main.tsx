/** The explorer: routes, and what starts once. */

import { render } from "preact";
import { LocationProvider, Route, Router } from "preact-iso";

import { Shell } from "./components/shell";
import { startLive } from "./lib/live";
import { focusMain } from "./lib/page";
import { startTheme } from "./lib/theme";
import { loadTrust } from "./lib/trust";
import { Action, Actions } from "./pages/actions";
import { Attestations } from "./pages/attestations";
import { Block, Blocks } from "./pages/blocks";
import { Contract, Contracts } from "./pages/contracts";
import { ContractVersion } from "./pages/contract-version";
import { Evidence, EvidenceList } from "./pages/evidence";
import { Members } from "./pages/members";
import { NotFound } from "./pages/not-found";
import { Overview } from "./pages/overview";
import { Proposal, Proposals } from "./pages/proposals";
import { Transaction } from "./pages/transaction";
import { Twin } from "./pages/twin";
import { Twins } from "./pages/twins";
import { Verify } from "./pages/verify";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";

/** The node's own addresses and the single-file verifier are no pages of this app. */
const PAGES = /^\/(?!v1\/|metrics|livez|readyz|verify\.html|licences\.txt)/;

function App() {
  return (
    <LocationProvider scope={PAGES}>
      <Shell>
        <Router onRouteChange={focusMain}>
          <Route path="/" component={Overview} />
          <Route path="/twins" component={Twins} />
          <Route path="/twins/:id" component={Twin} />
          <Route path="/blocks" component={Blocks} />
          <Route path="/blocks/:height" component={Block} />
          <Route path="/tx/:id" component={Transaction} />
          <Route path="/actions" component={Actions} />
          <Route path="/actions/:id" component={Action} />
          <Route path="/contracts" component={Contracts} />
          <Route path="/contracts/:name" component={Contract} />
          <Route path="/contracts/:name/versions/:number" component={ContractVersion} />
          <Route path="/attestations" component={Attestations} />
          <Route path="/members" component={Members} />
          <Route path="/proposals" component={Proposals} />
          <Route path="/proposals/:id" component={Proposal} />
          <Route path="/evidence" component={EvidenceList} />
          <Route path="/evidence/:id" component={Evidence} />
          <Route path="/verify" component={Verify} />
          <Route default component={NotFound} />
        </Router>
      </Shell>
    </LocationProvider>
  );
}

startTheme();
startLive();
void loadTrust();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
