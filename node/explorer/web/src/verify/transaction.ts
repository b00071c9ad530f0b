/** A signed transaction: decoding, its id, and the Merkle root of its readings. */

import { type Bytes, Malformed, concat, toBytes8 } from "./bytes";
import { verifySignature } from "./ed25519";
import { hashTagged, signingHash } from "./hashing";
import { leafHash, rootOfHashes } from "./merkle";
import { type Packed, Reader } from "./msgpack";
import { asKnown } from "./operations";
import { describeReadings } from "./wording";

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
  const { name, about, fields } = asKnown(data);
  if (name === "telemetry") return readTelemetry(data);
  return {
    operation: name,
    about: about(),
    digest: hashTagged("operation", data),
    readings: 0,
    attestation: name === "attest" ? asAttestation(fields) : null,
  };
}

function asAttestation([, twin, envelope]: readonly Packed[]): Transaction["attestation"] {
  if (typeof twin !== "string" || !(envelope instanceof Uint8Array)) {
    throw new Malformed("a field of the attestation has another type");
  }
  return { twin, envelope: new Uint8Array(envelope) };
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
      if (!Array.isArray(reading) || reading.length !== 6) {
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
