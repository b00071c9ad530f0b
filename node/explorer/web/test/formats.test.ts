import { expect, test } from "vitest";

import {
  checkCertificate, checkCommittee, checkGenesis, checkHeaderHash, hashHeader, readCertificate,
  readHeader,
} from "../src/verify/block";
import { Malformed, fromBase64, fromHex, toHex } from "../src/verify/bytes";
import { quorumWeight, readCommittee } from "../src/verify/committee";
import { followCommittee } from "../src/verify/committee-steps";
import { type EvidenceView, checkEvidence } from "../src/verify/evidence";
import { readGenesis } from "../src/verify/genesis";
import { hashTagged, signingHash } from "../src/verify/hashing";
import { leafHash, rootFromPath, rootOfHashes } from "../src/verify/merkle";
import { Reader, pack, type Packed } from "../src/verify/msgpack";
import { viewOperation } from "../src/verify/operations";
import { checkStateProof } from "../src/verify/state";
import { checkSender, readTransaction } from "../src/verify/transaction";
import { loadJson, loadText } from "./vectors";

const hex = (text: string) => fromHex(text, "a vector");

test("tagged and signing hashes are those of the vectors", () => {
  const vectors = loadJson<{
    tagged: { tag: string; parts: string[]; hash: string }[];
    signing: { purpose: string; genesis: string; parts: string[]; hash: string }[];
  }>("hashing.json");
  for (const { tag, parts, hash } of vectors.tagged) {
    expect(toHex(hashTagged(tag, ...parts.map(hex)))).toBe(hash);
  }
  for (const { purpose, genesis, parts, hash } of vectors.signing) {
    expect(toHex(signingHash(purpose, hex(genesis), ...parts.map(hex)))).toBe(hash);
  }
  expect(vectors.tagged.length + vectors.signing.length).toBeGreaterThan(4);
});

test("log roots and inclusion paths are those of the vectors", () => {
  const log = loadJson<{
    leaves: string[];
    leaf_hashes: string[];
    roots: string[];
    inclusion: { index: number; size: number; path: string[] }[];
    inclusion_refused: { index: number; size: number; leaf: number; path: string[]; about: string }[];
  }>("log.json");
  const leaves = log.leaves.map((leaf) => leafHash(hex(leaf)));
  expect(leaves.map(toHex)).toEqual(log.leaf_hashes);
  expect(log.roots.map((_, size) => toHex(rootOfHashes(leaves.slice(0, size))))).toEqual(log.roots);
  for (const { index, size, path } of log.inclusion) {
    expect(toHex(rootFromPath(leaves[index]!, index, size, path.map(hex)))).toBe(log.roots[size]);
  }
  for (const { index, size, leaf, path, about } of log.inclusion_refused) {
    const root = (): string => toHex(rootFromPath(leaves[leaf]!, index, size, path.map(hex)));
    let found = "refused";
    try {
      found = root();
    } catch {
      // The path has the wrong shape.
    }
    expect(found, about).not.toBe(log.roots[size]);
  }
});

test("every encoded value decodes and encodes to the same bytes", () => {
  const { encoded } = loadJson<{ encoded: { type: string; hex: string }[] }>("codec.json");
  const { refused } = loadJson<{ refused: { hex: string; about: string }[] }>("codec.json");
  for (const { hex: text } of encoded) {
    const reader = new Reader(hex(text), "a vector");
    const value: Packed = reader.value();
    reader.end();
    expect(toHex(pack(value))).toBe(text);
  }
  expect(refused.length).toBeGreaterThan(0);
});

test.each([
  ["a number in two bytes that fits in one", "cc07"],
  ["a number in nine bytes that fits in five", "cf0000000000000001"],
  ["a text head that is longer than needed", "d90161"],
  ["an array head that is longer than needed", "dc0000"],
  ["a negative number in two bytes that fits in one", "d0ff"],
  ["a number over 2^53", "cfffffffffffffffff"],
  ["a map", "80"],
  ["a float", "cb3ff0000000000000"],
  ["a text that is not UTF-8", "a1ff"],
  ["bytes that end too early", "c40401"],
  ["an array longer than the bytes", "dd00ffffff"],
])("the reader refuses %s", (_, text) => {
  const reader = new Reader(hex(text), "a vector");
  expect(() => reader.value()).toThrow(/^a vector (cannot be read|is not UTF-8)/);
});

test("genesis hash, validators root and quorum are computed from the file's content", () => {
  const blocks = loadJson<{ genesis_hash: string; validators_root: string; quorum_weight: number }>("blocks.json");
  const genesis = readGenesis(loadText("genesis.json"));
  expect(toHex(genesis.hash)).toBe(blocks.genesis_hash);
  expect(toHex(genesis.committee.root)).toBe(blocks.validators_root);
  expect(quorumWeight(genesis.committee)).toBe(blocks.quorum_weight);
});

test("headers and certificates of the vectors hold", async () => {
  const { blocks } = loadJson<{ blocks: { header: string; hash: string; certificate: string }[] }>("blocks.json");
  const genesis = readGenesis(loadText("genesis.json"));
  for (const block of blocks) {
    const data = hex(block.header);
    const certificate = readCertificate(hex(block.certificate));
    expect(toHex(hashHeader(data))).toBe(block.hash);
    const header = readHeader(data);
    checkHeaderHash(header, data, certificate);
    checkGenesis(header, genesis);
    checkCommittee(header, genesis.committee);
    const tally = await checkCertificate(certificate, genesis.hash, genesis.committee);
    expect(tally.weight).toBeGreaterThanOrEqual(tally.needed);
  }
});

test("steps lead from genesis to later validators, and to those of their height only", async () => {
  interface Validators { from_height: number; root: string; quorum_weight: number }
  const { steps, validators, refused } = loadJson<{
    steps: string[];
    validators: Validators[];
    refused: { about: string; steps: string[] }[];
  }>("committee.json");
  const genesis = readGenesis(loadText("genesis.json"));
  const follow = (encoded: readonly string[], decides: number) =>
    followCommittee(genesis, encoded.map(hex), decides);
  for (const [count, wanted] of validators.entries()) {
    const found = await follow(steps.slice(0, count), wanted.from_height);
    expect(toHex(found.root)).toBe(wanted.root);
    expect(quorumWeight(found)).toBe(wanted.quorum_weight);
  }
  for (const wrong of refused) {
    await expect(follow(wrong.steps, 1_000), wrong.about).rejects.toThrow();
  }
  expect(refused.length).toBeGreaterThan(8);
  const decided = validators.at(-1)!.from_height;
  await expect(follow(steps, decided - 1)).rejects.toThrow("the last change is not before the block");
});

test("evidence convicts, or is refused, as the vectors say", async () => {
  const vectors = loadJson<{
    genesis: string;
    validators: string;
    evidence: { hex: string; node: string; value: EvidenceView }[];
    refused: { hex: string; about: string }[];
  }>("evidence.json");
  const committee = readCommittee(new Reader(hex(vectors.validators), "a vector"));
  const read = (text: string): EvidenceView =>
    viewOperation(hex(`920e${text}`))["evidence"] as EvidenceView;
  for (const { hex: text, node, value } of vectors.evidence) {
    expect(read(text)).toEqual(value);
    expect((await checkEvidence(value, hex(vectors.genesis), committee)).node).toBe(node);
  }
  for (const { hex: text, about } of vectors.refused) {
    await expect(checkEvidence(read(text), hex(vectors.genesis), committee), about).rejects.toThrow(Malformed);
  }
  expect(vectors.evidence.length).toBe(3);
  const raft = { ...committee, engine: "raft" };
  await expect(checkEvidence(vectors.evidence[0]!.value, hex(vectors.genesis), raft)).rejects.toThrow("Raft");
});

test("operations are written as the JSON view writes them", () => {
  const { transactions } = loadJson<{
    transactions: { operation: string; about: string; raw: string; value: { operation: Record<string, unknown> } }[];
  }>("transactions.json");
  for (const vector of transactions) {
    const { type, ...fields } = vector.value.operation;
    const { encoded, about } = readTransaction(hex(vector.raw));
    expect(about).toBe(vector.about);
    expect(type).toBe(vector.operation);
    expect(viewOperation(encoded)).toEqual(fields);
  }
  expect(new Set(transactions.map((vector) => vector.operation)).size).toBeGreaterThanOrEqual(17);
});

test("transaction ids are computed from the content, with the root of the readings", async () => {
  const { transactions } = loadJson<{
    transactions: { operation: string; raw: string; id: string }[];
  }>("transactions.json");
  for (const vector of transactions) {
    const transaction = readTransaction(hex(vector.raw));
    expect(transaction.operation).toBe(vector.operation);
    expect(toHex(transaction.id)).toBe(vector.id);
    expect(await checkSender(transaction)).toBe(true);
  }
  expect(transactions.map((vector) => vector.operation)).toContain("telemetry");
});

test("state proofs hold or are refused as the vectors say", () => {
  interface Proof {
    root: string;
    key: string;
    value: string | null;
    proof: { siblings: string[]; other: { path: string; value_hash: string } | null };
    about?: string;
  }
  const { proofs, refused } = loadJson<{ proofs: Proof[]; refused: Proof[] }>("state.json");
  const check = ({ root, key, value, proof }: Proof): void =>
    checkStateProof(hex(root), hex(key), value === null ? null : hex(value), {
      siblings: proof.siblings.map((item) => fromBase64(item, "siblings")),
      other: proof.other && { path: hex(proof.other.path), valueHash: hex(proof.other.value_hash) },
    });
  for (const proof of proofs) check(proof);
  for (const proof of refused) expect(() => check(proof), proof.about).toThrow();
});
