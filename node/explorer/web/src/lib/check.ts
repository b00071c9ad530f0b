/** The pages' way to the verifier: fetch a proof, and give a verdict whatever happens. */

import {
  type BlockVerdict, type RawBlock, type ReceiptVerdict, type Step, type TwinVerdict, type Verdict,
  verifyBlock, verifyEvidence, verifyReceipt, verifyTwin,
} from "../verify";
import { getJson, getText } from "./api";
import { compareTransaction } from "./compare";
import { trust } from "./trust";
import type { Evidence, Transaction, TwinProof, ValidatorSteps } from "./types";

/** Fetch a transaction's receipt, check it, and compare it with what the page shows. */
export async function checkTransaction(shown: Transaction): Promise<ReceiptVerdict> {
  const file = await getText(`/v1/transactions/${shown.id}/receipt`);
  const now = trust.value;
  if (now.state !== "trusted") return { ...untrusted(), proven: null };
  return compareTransaction(shown, await verifyReceipt(file, now.genesis));
}

/** Fetch a block's header and certificate and check them. */
export async function checkBlock(height: number, hash: string): Promise<BlockVerdict> {
  const raw = await getJson<RawBlock>(`/v1/blocks/${height}?raw=1`);
  const now = trust.value;
  if (now.state !== "trusted") return { ...untrusted(), header: null };
  return verifyBlock(raw, hash, now.genesis);
}

/** Fetch the proof of a twin's state and check it. */
export async function checkTwin(id: string, at: string | undefined): Promise<TwinVerdict> {
  const query = at === undefined ? "" : `?at=${encodeURIComponent(at)}`;
  const proof = await getJson<TwinProof>(`/v1/twins/${encodeURIComponent(id)}/proof${query}`);
  const now = trust.value;
  if (now.state !== "trusted") return { ...untrusted(), twin: null, height: 0 };
  return verifyTwin(id, proof, now.genesis);
}

/** Fetch how the validators of the evidence's height came to be, and check both signatures. */
export async function checkEvidence(shown: Evidence): Promise<Verdict> {
  const { offence_height: height, round, kind, first, second, vote_key: key, node } = shown;
  const steps = await getJson<ValidatorSteps>(`/v1/validators/steps?at=${height}`);
  const now = trust.value;
  if (now.state !== "trusted") return untrusted();
  return verifyEvidence({ key, height, round, kind, first, second }, node, steps.items, now.genesis);
}

function untrusted(): Verdict {
  const sentence = "This node presents another genesis than the one you trust.";
  const broken: Step = { link: "genesis", title: "Genesis", state: "failed", sentence };
  return { isOk: false, steps: [broken], summary: `Check failed at “Genesis”: ${sentence}`, broken };
}
