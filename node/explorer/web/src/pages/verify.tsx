/** `/verify`: check a receipt file, and choose the genesis that this browser trusts. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Section } from "../components/basics";
import { VerifyTool } from "../components/verify-tool";
import { Caveat } from "../components/trust";
import { useTitle } from "../lib/page";
import { pinGenesis, trust } from "../lib/trust";

export function Verify(): JSX.Element {
  useTitle("Verify");
  const now = trust.value;
  const pinned = now.state === "trusted"
    ? { genesis: now.genesis, source: `this node; its hash is the one pinned at ${now.pin.how === "first visit" ? "your first visit" : "your request"}` }
    : null;
  return (
    <>
      <div class="page-head"><h1>Verify a receipt</h1></div>
      <p class="lead">
        Check that a transaction is on this chain, unchanged, and decided by its members. Nothing
        is uploaded.
      </p>
      <VerifyTool pinned={pinned} isLinked />
      <p><a class="button" href="/v1/genesis" download="genesis.json">Save this node's genesis.json</a></p>
      <PinForm />
      <Caveat file="FILE.receipt.json" />
    </>
  );
}

function PinForm(): JSX.Element {
  const [message, setMessage] = useState("");
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const hash = String(new FormData(event.currentTarget as HTMLFormElement).get("hash") ?? "");
    const isHash = await pinGenesis(hash);
    setMessage(
      isHash
        ? "Pinned. Everything is now checked against this genesis."
        : "This is no genesis hash: it has 64 characters from 0 to 9 and a to f.",
    );
  };
  return (
    <Section title="Trust another genesis">
      <p>
        This browser pinned the genesis hash at your first visit. If a member gave you the hash by
        another way, paste it here; the page then says so when this node's chain is another one.
      </p>
      <form class="inline-form" onSubmit={(event) => void submit(event)}>
        <label>
          Genesis hash
          <input name="hash" autocomplete="off" spellcheck={false} required />
        </label>
        <button type="submit">Trust this hash</button>
      </form>
      <p role="status">{message}</p>
    </Section>
  );
}
