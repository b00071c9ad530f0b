/** The pages' way to the verifier: fetch a proof, and give a verdict whatever happens. */

import {
  type BlockVerdict, type ReceiptVerdict, type Step, type TwinVerdict, type Verdict, verifyBlock,
  verifyReceipt, verifyTwin,
} from "../verify";
import { getJson, getText } from "./api";
import { trust } from "./trust";
import type { RawBlock, TwinProof } from "./types";

/** A verdict on a transaction, with the file it was made from. */
export interface CheckedReceipt {
  readonly verdict: ReceiptVerdict;
  readonly file: string;
}

/** Fetch a transaction's receipt and check it; null while no genesis is trusted. */
export async function checkTransaction(id: string): Promise<CheckedReceipt> {
  const file = await getText(`/v1/transactions/${id}/receipt`);
  const now = trust.value;
  if (now.state !== "trusted") return { verdict: { ...untrusted(), proven: null }, file };
  const verdict = await verifyReceipt(file, now.genesis);
  if (verdict.isOk && verdict.proven?.transaction !== id) {
    return { verdict: { ...mix(verdict), proven: null }, file };
  }
  return { verdict, file };
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

function untrusted(): Verdict {
  return fail("genesis", "Genesis", "This node presents another genesis than the one you trust.");
}

function mix(verdict: Verdict): Verdict {
  const failed = fail("transaction shown", "The transaction shown here", "The receipt is of another transaction.");
  return { ...failed, steps: [...verdict.steps, ...failed.steps] };
}

function fail(link: string, title: string, sentence: string): Verdict {
  const broken: Step = { link, title, state: "failed", sentence };
  return { isOk: false, steps: [broken], summary: `Check failed at “${title}”: ${sentence}`, broken };
}
