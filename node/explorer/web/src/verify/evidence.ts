/** Evidence: two things that one validator signed at one place. As chain/evidence.py. */

import { type Bytes, Malformed, fromBase64, fromHex, toBytes8, toHex } from "./bytes";
import type { Committee, Validator } from "./committee";
import { followCommittee, sayChanges } from "./committee-steps";
import { verifySignature } from "./ed25519";
import type { Genesis } from "./genesis";
import { signingHash } from "./hashing";
import { Chain, type Verdict } from "./steps";

/** One of the two messages, with the names of its fields as the JSON view writes them. */
export type SignedView = Readonly<Record<string, unknown>>;

/** Evidence as the JSON view writes it. */
export interface EvidenceView {
  readonly key: string;
  readonly height: number;
  readonly round: number;
  readonly kind: string;
  readonly first: SignedView;
  readonly second: SignedView;
}

const EMPTY = new Uint8Array(0);

/**
 * Check evidence to its last signature, from genesis through the changes of the validators.
 *
 * `steps` are the changes before the evidence's height, in base64; `node` is who is said to be accused.
 */
export async function verifyEvidence(
  evidence: EvidenceView,
  node: string,
  steps: readonly string[],
  genesis: Genesis,
): Promise<Verdict> {
  let committee: Committee | undefined;
  return new Chain()
    .add("validator changes", "Changes of the validators", async () => {
      const encoded = steps.map((step) => fromBase64(step, "a change of the validators"));
      committee = await followCommittee(genesis, encoded, evidence.height);
      return sayChanges(steps.length);
    })
    .add("accused", "Who is accused", () => {
      const accused = findAccused(evidence, committee as Committee);
      if (accused.node !== node) throw new Malformed(`the key is that of ${accused.node}`);
      return `The key had a vote at height ${evidence.height}: it is that of ${node}.`;
    })
    .add("contradiction", "The two messages", () => {
      checkForm(evidence, genesis.hash);
      return `Both are ${evidence.kind}s of height ${evidence.height}, round ${evidence.round}, and contradict each other.`;
    })
    .add("signatures", "Both signatures", async () => {
      await checkSignatures(evidence, genesis.hash);
      return `The key ${evidence.key.slice(0, 16)}… signed both.`;
    })
    .run(() => `${node} signed two different ${evidence.kind}s at height ${evidence.height}, round ${evidence.round}.`);
}

/** Check evidence against the validators of its height; give whom it convicts. Throws Malformed. */
export async function checkEvidence(
  evidence: EvidenceView, genesis: Bytes, committee: Committee,
): Promise<Validator> {
  const accused = findAccused(evidence, committee);
  checkForm(evidence, genesis);
  await checkSignatures(evidence, genesis);
  return accused;
}

function findAccused(evidence: EvidenceView, { members, engine }: Committee): Validator {
  if (engine !== "bft") throw new Malformed(`height ${evidence.height} was decided under Raft, where no vote binds`);
  const found = members.find((member) => member.weight > 0 && toHex(member.voteKey) === evidence.key);
  if (found === undefined) throw new Malformed(`the key had no vote at height ${evidence.height}`);
  return found;
}

function checkForm({ kind, first, second, ...place }: EvidenceView, genesis: Bytes): void {
  const form = kind === "proposal" ? "proposal_signed" : "vote_signed";
  for (const one of [first, second]) {
    if (one["type"] !== form) throw new Malformed(`it holds something else than two ${kind}s`);
    // A field that is not signed must have one value only, or one offence has many proofs.
    if (kind === "prevote" && one["time_ms"] !== 0) throw new Malformed("a prevote carries no time");
  }
  const isSame = first["block"] === second["block"] && first["valid_round"] === second["valid_round"];
  if (isSame) throw new Malformed("the two do not contradict each other");
  const [left, right] = [first, second].map((one) => toHex(hashOf(one, { kind, first, second, ...place }, genesis)));
  if ((left as string) > (right as string)) throw new Malformed("the two are in the wrong order");
}

async function checkSignatures(evidence: EvidenceView, genesis: Bytes): Promise<void> {
  const key = fromHex(evidence.key, "the key", 32);
  for (const one of [evidence.first, evidence.second]) {
    const signature = fromHex(one["signature"], "a signature", 64);
    if (!(await verifySignature(key, hashOf(one, evidence, genesis), signature))) {
      throw new Malformed("a signature does not fit the key");
    }
  }
}

/** Give the 32 bytes that a message's signature signs. As chain/votes.py. */
function hashOf(one: SignedView, { kind, height, round }: EvidenceView, genesis: Bytes): Bytes {
  const place = [toBytes8(height), toBytes8(round)];
  const block = one["block"] === null ? EMPTY : fromHex(one["block"], "a block", 32);
  if (kind === "proposal") {
    const digest = fromHex(one["value_digest"], "a digest", 32);
    return signingHash(kind, genesis, ...place, block, toBytes8(Number(one["valid_round"]) + 1), digest);
  }
  const time = kind === "precommit" ? [toBytes8(Number(one["time_ms"]))] : [];
  return signingHash(kind, genesis, ...place, block, ...time);
}
