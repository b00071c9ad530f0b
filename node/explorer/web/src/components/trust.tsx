/** The three states of trust, in words with a picture, and the steps behind them. */

import type { JSX } from "preact";

import type { Step, Verdict } from "../verify";
import { Icon, type IconName } from "./icons";

export type TrustState = "verified" | "reported" | "failed" | "checking";

const WORDS: Readonly<Record<TrustState, readonly [string, IconName]>> = {
  verified: ["Verified on this device", "check"],
  reported: ["Reported by the node, not checked", "question"],
  failed: ["Check failed", "cross"],
  checking: ["Checking on this device…", "clock"],
};
const STEP_WORDS: Readonly<Record<Step["state"], readonly [string, IconName]>> = {
  ok: ["Holds", "check"],
  failed: ["Broken", "cross"],
  skipped: ["Not checked", "skip"],
};

/** How far what is shown beside it can be relied on. */
export function TrustBadge({ state }: { state: TrustState }): JSX.Element {
  const [words, icon] = WORDS[state];
  return (
    <span class={`trust ${state}`} data-trust={state}>
      <Icon name={icon} /> {words}
    </span>
  );
}

/** Give the state of trust that a verdict leads to; null while it is being made. */
export function trustOf(verdict: Verdict | null): TrustState {
  if (verdict === null) return "checking";
  return verdict.isOk ? "verified" : "failed";
}

/** Every link of a check with its sentence. */
export function Steps({ verdict }: { verdict: Verdict }): JSX.Element {
  return (
    <ol class="steps">
      {verdict.steps.map((step, i) => {
        const [word, icon] = STEP_WORDS[step.state];
        return (
          <li key={i} class={step.state} data-link={step.link}>
            <span class="step-mark"><Icon name={icon} /><span class="hidden">{word}: </span></span>
            <div>
              <strong>{step.title}</strong>
              <p>{step.sentence}</p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** What a reader must know about checks that run in a page which the node itself sent. */
export function Caveat({ file }: { file: string }): JSX.Element {
  return (
    <p class="caveat">
      This check runs in your browser, but the page's own code came from the node. For a check that
      does not depend on this node, save the receipt and run{" "}
      <code>veritwin verify {file} --genesis genesis.json</code>, or open your own copy of{" "}
      <a href="/verify.html">verify.html</a>.
    </p>
  );
}
