/** Header and quorum certificate: decoding, hashing, and the check against genesis. */

import { type Bytes, Malformed, equal, toBytes8, toHex } from "./bytes";
import { verifySignature } from "./ed25519";
import { type Committee, countVoters, quorumWeight } from "./committee";
import type { Genesis } from "./genesis";
import { hashTagged, signingHash } from "./hashing";
import { Reader } from "./msgpack";

const HEADER_FIELDS = 13;
const HEADER_VERSION = 1;
const SIGNATURES_MAX = 1024;

/** The part of a block that validators sign. Field for field as in chain/block.py. */
export interface Header {
  readonly version: number;
  readonly genesis: Bytes;
  readonly height: number;
  readonly timeMs: number;
  readonly proposer: number;
  readonly previous: Bytes;
  readonly previousCertificate: Bytes;
  readonly txLogSize: number;
  readonly txLogRoot: Bytes;
  readonly stateRoot: Bytes;
  readonly receiptsRoot: Bytes;
  readonly validatorsRoot: Bytes;
  readonly nextValidatorsRoot: Bytes;
}

/** One validator's precommit. */
export interface CommitSignature {
  readonly validator: number;
  readonly timeMs: number;
  readonly signature: Bytes;
}

/** Precommits of one round for one block. */
export interface Certificate {
  readonly height: number;
  readonly round: number;
  readonly block: Bytes;
  readonly signatures: readonly CommitSignature[];
}

/** Who signed, of how many that have a vote, and whether that is enough. */
export interface Tally {
  readonly signers: readonly string[];
  readonly voters: number;
  readonly weight: number;
  readonly needed: number;
}

/** Read an encoded header. */
export function readHeader(data: Uint8Array): Header {
  const reader = new Reader(data, "the header");
  const header = readHeaderFrom(reader);
  reader.end();
  return header;
}

/** Read a header that stands inside something else. */
export function readHeaderFrom(reader: Reader): Header {
  reader.array(HEADER_FIELDS);
  return {
    version: reader.count(),
    genesis: reader.bytes(32),
    height: reader.count(),
    timeMs: reader.count(),
    proposer: reader.count(),
    previous: reader.bytes(32),
    previousCertificate: reader.bytes(32),
    txLogSize: reader.count(),
    txLogRoot: reader.bytes(32),
    stateRoot: reader.bytes(32),
    receiptsRoot: reader.bytes(32),
    validatorsRoot: reader.bytes(32),
    nextValidatorsRoot: reader.bytes(32),
  };
}

/** Hash an encoded header: the block's name. */
export function hashHeader(data: Uint8Array): Bytes {
  return hashTagged("header", data);
}

/** Read an encoded quorum certificate. */
export function readCertificate(data: Uint8Array): Certificate {
  const reader = new Reader(data, "the certificate");
  const certificate = readCertificateFrom(reader);
  reader.end();
  return certificate;
}

/** Read a quorum certificate that stands inside something else. */
export function readCertificateFrom(reader: Reader): Certificate {
  reader.array(4);
  const height = reader.count();
  const round = reader.count();
  const block = reader.bytes(32);
  const count = reader.array();
  if (count > SIGNATURES_MAX) throw new Malformed(`the certificate holds ${count} signatures`);
  const signatures: CommitSignature[] = [];
  for (let i = 0; i < count; i++) {
    reader.array(3);
    signatures.push({
      validator: reader.count(),
      timeMs: reader.count(),
      signature: reader.bytes(64),
    });
  }
  return { height, round, block, signatures };
}

/**
 * Check every signature of a certificate, and that they are a quorum of the committee.
 *
 * Throws Malformed with the first thing that does not fit.
 */
export async function checkCertificate(
  certificate: Certificate,
  genesis: Bytes,
  committee: Committee,
): Promise<Tally> {
  const signers: string[] = [];
  let previous = -1;
  let weight = 0;
  for (const commit of certificate.signatures) {
    const member = committee.members[commit.validator];
    if (member === undefined) throw new Malformed(`validator ${commit.validator} does not exist`);
    if (commit.validator <= previous) {
      throw new Malformed(`validator ${commit.validator} is repeated or out of order`);
    }
    previous = commit.validator;
    const message = signingHash(
      "precommit",
      genesis,
      toBytes8(certificate.height),
      toBytes8(certificate.round),
      certificate.block,
      toBytes8(commit.timeMs),
    );
    if (!(await verifySignature(member.voteKey, message, commit.signature))) {
      throw new Malformed(`the signature of ${member.node} does not fit`);
    }
    signers.push(member.node);
    weight += member.weight;
  }
  const needed = quorumWeight(committee);
  if (weight < needed) throw new Malformed(`weight ${weight} signed, ${needed} is needed`);
  return { signers, voters: countVoters(committee), weight, needed };
}

/** Say who signed, of how many. */
export function sayTally({ signers, voters, weight, needed }: Tally): string {
  return `Signed by ${signers.length} of ${voters} validators (${signers.join(", ")}): weight ${weight}, ${needed} needed.`;
}

/** Check that a certificate is for this header, and give the header's hash. Throws Malformed. */
export function checkHeaderHash(header: Header, data: Uint8Array, certificate: Certificate): Bytes {
  const hash = hashHeader(data);
  if (!equal(hash, certificate.block)) {
    throw new Malformed(
      `the header hashes to ${shortHex(hash)}, but the certificate is for ${shortHex(certificate.block)}`,
    );
  }
  if (header.height !== certificate.height) {
    throw new Malformed(`the header is of height ${header.height}, the certificate of ${certificate.height}`);
  }
  if (header.version !== HEADER_VERSION) {
    throw new Malformed(`this program cannot read headers of version ${header.version}`);
  }
  return hash;
}

/** Check that a header is of the chain of `genesis`. Throws Malformed. */
export function checkGenesis(header: Header, genesis: Genesis): void {
  if (!equal(header.genesis, genesis.hash)) {
    throw new Malformed(
      `it is of the chain ${shortHex(header.genesis)}, but you trust ${shortHex(genesis.hash)} (${genesis.chainId})`,
    );
  }
}

/** Check that a header was decided by this committee. Throws Malformed. */
export function checkCommittee(header: Header, committee: Committee): void {
  if (!equal(header.validatorsRoot, committee.root)) {
    throw new Malformed("the header was decided by other validators than these");
  }
}

function shortHex(hash: Uint8Array): string {
  return `${toHex(hash).slice(0, 16)}…`;
}
