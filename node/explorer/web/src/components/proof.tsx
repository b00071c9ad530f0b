/** The proof panel: the state of trust, what was verified in words, and every link behind it. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { shortenHashes } from "../lib/format";
import { type Engine, type Verdict, getEngine } from "../verify";
import { Section } from "./basics";
import { Steps, TrustBadge, trustOf } from "./trust";

/** A verdict with its steps; the steps are open when one broke. */
export function ProofPanel({ title = "Proof", verdict, problem, children }: {
  title?: string;
  verdict: Verdict | null;
  /** Why no proof could be fetched. */
  problem?: string | null;
  children?: ComponentChildren;
}): JSX.Element {
  const [engine, setEngine] = useState<Engine | null>(null);
  useEffect(() => void getEngine().then(setEngine), []);
  const state = problem === undefined || problem === null ? trustOf(verdict) : "reported";
  return (
    <Section title={title} aside={<TrustBadge state={state} />}>
      <div class={`proof ${state}`} role="status">
        {problem !== undefined && problem !== null && <p>{problem}</p>}
        {verdict !== null && <p class="proof-summary">{shortenHashes(verdict.summary)}</p>}
      </div>
      {verdict !== null && (
        <details open={!verdict.isOk}>
          <summary>{verdict.steps.filter((step) => step.state === "ok").length} of {verdict.steps.length} links hold</summary>
          <Steps verdict={verdict} />
          {engine !== null && (
            <p class="muted small">
              Signatures were checked with {engine === "WebCrypto" ? "this browser's own Ed25519" : "the Ed25519 that comes with this page (@noble/ed25519)"}.
            </p>
          )}
        </details>
      )}
      {children}
    </Section>
  );
}
