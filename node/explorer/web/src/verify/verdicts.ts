/** The checks of a block and of a twin's state, as chains of links. */

import {
  type Certificate, type Header, checkCertificate, checkCommittee, checkGenesis, checkHeaderHash,
  readCertificate, readHeader, sayTally,
} from "./block";
import { type Bytes, Malformed, fromBase64, fromHex, toHex } from "./bytes";
import { type Committee, countVoters } from "./committee";
import { followCommittee, sayChanges } from "./committee-steps";
import type { Genesis } from "./genesis";
import { checkStateProof } from "./state";
import { Chain, type Verdict } from "./steps";
import { type ProvenTwin, readTwin } from "./twin";

/** A verdict on a block, with its header when all links hold. */
export interface BlockVerdict extends Verdict {
  readonly header: Header | null;
}

/** A verdict on a twin's state, with what the state holds when all links hold. */
export interface TwinVerdict extends Verdict {
  readonly twin: ProvenTwin | null;
  readonly height: number;
}

/** A twin's proof as the node sends it. */
export interface TwinProofView {
  readonly value: string | null;
  readonly proof: {
    readonly siblings: readonly string[];
    readonly other: { readonly path: string; readonly value_hash: string } | null;
  };
  readonly header: string;
  readonly certificate: string;
  readonly validator_changes: readonly string[];
}

/** A header with its certificate and the changes of the validators before it, all in base64. */
export interface RawBlock {
  readonly header: string;
  readonly certificate: string;
  readonly validator_changes: readonly string[];
}

/** Check a header and its certificate against genesis. */
export async function verifyBlock(
  raw: RawBlock,
  wantedHash: string,
  genesis: Genesis,
): Promise<BlockVerdict> {
  const block = new OpenBlock();
  const chain = addBlock(new Chain(), block, raw, genesis);
  chain.add("block shown", "The block shown here", () => {
    if (toHex(block.hash) !== wantedHash) throw new Malformed("the page shows another block");
    return "It is the block that this page shows.";
  });
  const verdict = await chain.run(() => `Block ${block.header.height} was decided by a quorum of the chain you trust.`);
  return { ...verdict, header: verdict.isOk ? block.header : null };
}

/** Check a proof that the state of a block holds a twin as it is. */
export async function verifyTwin(
  id: string,
  view: TwinProofView,
  genesis: Genesis,
): Promise<TwinVerdict> {
  const block = new OpenBlock();
  let twin: ProvenTwin | undefined;
  const verdict = await addBlock(new Chain(), block, view, genesis)
    .add("state proof", "Place in the state", () => {
      const value = view.value === null ? null : fromBase64(view.value, "the twin's record");
      if (value === null) throw new Malformed("the node proves that there is no such twin");
      checkStateProof(block.header.stateRoot, `twin/${id}`, value, readProof(view));
      twin = readTwin(value);
      return `The record of ${id} stands under the state root of block ${block.header.height}.`;
    })
    .run(() => `The state of ${id} is the one that a quorum agreed on in block ${block.header.height}.`);
  const isOk = verdict.isOk && twin !== undefined;
  return { ...verdict, twin: isOk ? (twin as ProvenTwin) : null, height: isOk ? block.header.height : 0 };
}

class OpenBlock {
  header!: Header;
  certificate!: Certificate;
  committee!: Committee;
  hash!: Bytes;
}

function addBlock(
  chain: Chain,
  open: OpenBlock,
  raw: RawBlock,
  genesis: Genesis,
): Chain {
  return chain
    .add("header hash", "Header and certificate", () => {
      const data = fromBase64(raw.header, "the header");
      open.header = readHeader(data);
      open.certificate = readCertificate(fromBase64(raw.certificate, "the certificate"));
      open.hash = checkHeaderHash(open.header, data, open.certificate);
      return `The certificate is for this header: block ${toHex(open.hash).slice(0, 16)}…`;
    })
    .add("genesis", "Genesis", () => {
      checkGenesis(open.header, genesis);
      return `The block belongs to the chain “${genesis.chainId}”, whose genesis you trust.`;
    })
    .add("validator changes", "Changes of the validators", async () => {
      const steps = raw.validator_changes.map((item) => fromBase64(item, "a change of the validators"));
      open.committee = await followCommittee(genesis, steps, open.header.height);
      return sayChanges(steps.length);
    })
    .add("validator set", "Validator set", () => {
      checkCommittee(open.header, open.committee);
      return `The ${countVoters(open.committee)} validators are those that decide this height.`;
    })
    .add("certificate", "Quorum", async () => {
      return sayTally(await checkCertificate(open.certificate, genesis.hash, open.committee));
    });
}

function readProof(view: TwinProofView): Parameters<typeof checkStateProof>[3] {
  const { siblings, other } = view.proof;
  return {
    siblings: siblings.map((item) => fromBase64(item, "siblings")),
    other: other === null
      ? null
      : { path: fromHex(other.path, "a path", 32), valueHash: fromHex(other.value_hash, "a value", 32) },
  };
}
