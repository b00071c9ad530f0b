/** A signed transaction: decoding, its id, and the Merkle root of its readings. */

import { type Bytes, Malformed, concat, toBytes8, toHex } from "./bytes";
import { verifySignature } from "./ed25519";
import { hashTagged, signingHash } from "./hashing";
import { leafHash, rootOfHashes } from "./merkle";
import { type Packed, Reader } from "./msgpack";

interface Kind {
  readonly name: string;
  /** Number of fields, with the tag. */
  readonly fields: number;
  /** What it asks for, in the words of chain/wording.py. */
  readonly describe: (fields: readonly Packed[]) => string;
}

const NAMES_SHOWN_MAX = 4;

const OPERATIONS: Readonly<Record<number, Kind>> = {
  1: {
    name: "register_twin",
    fields: 7,
    describe: (f) => `register twin ${text(f[1])}, a ${text(f[2])} of model ${text(f[3])}`,
  },
  2: { name: "telemetry", fields: 2, describe: () => "" },
  3: { name: "update_twin", fields: 6, describe: (f) => `update twin ${text(f[1])}` },
  4: {
    name: "register_key",
    fields: 4,
    describe: (f) => `register key ${text(f[2])} as ${texts(f[3])}`,
  },
  5: { name: "revoke_key", fields: 3, describe: (f) => `revoke key ${toHex(asBytes(f[1]))}` },
  6: { name: "attest", fields: 3, describe: (f) => `attestation about twin ${text(f[1])}` },
  7: { name: "deploy_contract", fields: 4, describe: (f) => `deploy contract ${text(f[1])}` },
  8: {
    name: "call",
    fields: 4,
    describe: (f) => `call ${text(f[2])} of contract ${text(f[1])}`,
  },
  9: {
    name: "acknowledge",
    fields: 4,
    describe: (f) => `action ${toHex(asBytes(f[1]))} ${text(f[2])}`,
  },
  10: { name: "propose_change", fields: 3, describe: (f) => `propose: ${describeChange(f[1])}` },
  11: { name: "approve_change", fields: 2, describe: (f) => `approve proposal ${toHex(asBytes(f[1]))}` },
  12: { name: "withdraw_change", fields: 2, describe: (f) => `withdraw proposal ${toHex(asBytes(f[1]))}` },
  13: {
    name: "rotate_vote_key",
    fields: 4,
    describe: (f) => `change the vote key of node ${text(f[1])} to ${toHex(asBytes(f[2]))}`,
  },
  14: { name: "report_evidence", fields: 2, describe: (f) => describeEvidence(f[1]) },
  20: { name: "run_timers", fields: 1, describe: () => "run what is due" },
  21: {
    name: "consent",
    fields: 4,
    describe: (f) => `${f[3] === true ? "consent" : "no more consent"} to contract ${text(f[1])} on the own twins`,
  },
};

/** A transaction with everything the checks need. */
export interface Transaction {
  readonly id: Bytes;
  readonly genesis: Bytes;
  readonly sender: Bytes;
  readonly operation: string;
  /** What it asks for, in a few words. */
  readonly about: string;
  /** The operation as it is encoded. */
  readonly encoded: Bytes;
  readonly expiryHeight: number;
  readonly signature: Bytes;
  /** Number of readings of a telemetry batch, 0 for every other operation. */
  readonly readings: number;
  /** The DSSE envelope of an attestation, with the twin it is about. */
  readonly attestation: { readonly twin: string; readonly envelope: Bytes } | null;
}

/** Read an encoded SignedTransaction and compute its id from its content. */
export function readTransaction(data: Uint8Array): Transaction {
  const outer = new Reader(data, "the transaction");
  outer.array(2);
  const body = outer.bytes();
  const signature = outer.bytes(64);
  outer.end();
  const reader = new Reader(body, "the transaction's body");
  reader.array(5);
  const genesis = reader.bytes(32);
  const sender = reader.bytes(32);
  const start = reader.position;
  reader.value();
  const operation = reader.since(start);
  const expiryHeight = reader.count();
  const salt = reader.bytes();
  reader.end();
  if (salt.length < 8 || salt.length > 16) throw new Malformed("the salt has the wrong size");
  const read = readOperation(operation);
  const id = hashTagged(
    "transaction", genesis, sender, read.digest, toBytes8(expiryHeight), salt,
  );
  return { id, genesis, sender, encoded: operation, expiryHeight, signature, ...read };
}

/** Tell whether the sender signed the transaction. */
export function checkSender(transaction: Transaction): Promise<boolean> {
  const message = signingHash("transaction", transaction.genesis, transaction.id);
  return verifySignature(transaction.sender, message, transaction.signature);
}

/** Give what the chain-wide log holds for a transaction: its id. */
export function logLeaf(transaction: Transaction): Bytes {
  return transaction.id;
}

interface ReadOperation {
  readonly operation: string;
  readonly about: string;
  readonly digest: Bytes;
  readonly readings: number;
  readonly attestation: Transaction["attestation"];
}

function readOperation(data: Bytes): ReadOperation {
  const reader = new Reader(data, "the operation");
  const fields = reader.value();
  reader.end();
  if (!isArray(fields)) throw new Malformed("the operation is not an array");
  const tag = fields[0];
  const kind = typeof tag === "number" ? OPERATIONS[tag] : undefined;
  if (kind === undefined) throw new Malformed(`the operation has the unknown tag ${String(tag)}`);
  if (fields.length !== kind.fields) {
    throw new Malformed(`a ${kind.name} operation has ${kind.fields} fields, not ${fields.length}`);
  }
  if (kind.name === "telemetry") return readTelemetry(data);
  const attestation =
    kind.name === "attest" ? { twin: text(fields[1]), envelope: asBytes(fields[2]) } : null;
  return {
    operation: kind.name,
    about: kind.describe(fields),
    digest: hashTagged("operation", data),
    readings: 0,
    attestation,
  };
}

/** Hash every reading: a leaf is its twin's name, then the reading, both as they are encoded. */
function readTelemetry(data: Bytes): ReadOperation {
  const reader = new Reader(data, "the readings");
  reader.array();
  reader.count();
  const leaves: Bytes[] = [];
  const twins: string[] = [];
  for (let batches = reader.array(); batches > 0; batches--) {
    reader.array(2);
    const twinStart = reader.position;
    twins.push(reader.text());
    const twin = reader.since(twinStart);
    for (let readings = reader.array(); readings > 0; readings--) {
      const start = reader.position;
      const reading = reader.value();
      if (!isArray(reading) || reading.length !== 6) {
        throw new Malformed("a reading does not have six fields");
      }
      leaves.push(leafHash(concat(twin, reader.since(start))));
    }
  }
  reader.end();
  return {
    operation: "telemetry",
    about: describeReadings(leaves.length, twins),
    digest: hashTagged("telemetry", rootOfHashes(leaves), toBytes8(leaves.length)),
    readings: leaves.length,
    attestation: null,
  };
}

function describeReadings(count: number, twins: readonly string[]): string {
  const more = twins.length - NAMES_SHOWN_MAX;
  const shown = twins.slice(0, NAMES_SHOWN_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `${count} reading${count === 1 ? "" : "s"} of ${shown}`;
}

/** Say what a change does, in the words of chain/changes.py. */
function describeChange(change: Packed | undefined): string {
  const [tag, first, second] = asArray(change);
  switch (tag) {
    case 1:
      return `add organisation ${text(asArray(first)[0])}`;
    case 2: {
      const [node, organisation, , weight] = asArray(first);
      return `add node ${text(node)} of ${text(organisation)} with weight ${count(weight)}`;
    }
    case 3:
      return `remove node ${text(first)}`;
    case 4:
      return `set the weight of node ${text(first)} to ${count(second)}`;
    case 5:
      return `agree by ${text(first)}`;
    default:
      throw new Malformed(`the change has the unknown tag ${String(tag)}`);
  }
}

function describeEvidence(evidence: Packed | undefined): string {
  const [key, height, round, kind] = asArray(evidence);
  return `two ${text(kind)}s of key ${toHex(asBytes(key))} at height ${count(height)} round ${count(round)}`;
}

function isArray(value: Packed): value is readonly Packed[] {
  return Array.isArray(value);
}

function text(value: Packed | undefined): string {
  if (typeof value !== "string") throw new Malformed("a field of the operation is not a text");
  return value;
}

function asBytes(value: Packed | undefined): Bytes {
  if (!(value instanceof Uint8Array)) throw new Malformed("a field of the operation is not bytes");
  return new Uint8Array(value);
}

function texts(value: Packed | undefined): string {
  return asArray(value).map(text).join(", ");
}

function asArray(value: Packed | undefined): readonly Packed[] {
  if (value === undefined || !isArray(value)) throw new Malformed("a field of the operation is not a list");
  return value;
}

function count(value: Packed | undefined): number {
  if (typeof value !== "number") throw new Malformed("a field of the operation is not a number");
  return value;
}
