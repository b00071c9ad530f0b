/** The file "veritwin-receipt/1": reading it, and writing it again to compare. */

import { type Bytes, Malformed, fromBase64, fromHex, toBase64, toHex } from "./bytes";
import { asCount, asList, asObject, asText, parseJson, refuseUnknown } from "./genesis";
import { Reader } from "./msgpack";

const FORMAT = "veritwin-receipt/1";
const FILE_SIZE_MAX = 16 << 20;
const PATH_LENGTH_MAX = 64;
const CHANGES_MAX = 4096;
const YEAR_10000_MS = 253_402_300_800_000;
const FIELDS = [
  "format", "summary", "transaction", "log", "receipt", "block", "header", "certificate",
  "validator_changes", "attested_file",
];

/** Leaf `index` of a tree of `size` leaves, and the siblings from there to the root. */
export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly path: readonly Bytes[];
}

/** A file that an attestation names. */
export interface AttestedFile {
  readonly name: string;
  readonly sha256: string;
  readonly size: number | null;
}

/** The parts of a receipt file, not yet checked. */
export interface ReceiptFile {
  readonly transaction: Bytes;
  readonly log: Inclusion;
  readonly receipt: Bytes;
  readonly block: Inclusion;
  readonly header: Bytes;
  readonly certificate: Bytes;
  /** Encoded steps from the validators of genesis to those that decided the block. */
  readonly validatorChanges: readonly Bytes[];
  readonly attestedFile: AttestedFile | null;
  readonly summary: unknown;
}

/** What a transaction did, as the block recorded it. */
export interface Receipt {
  readonly transaction: Bytes;
  readonly code: string;
  readonly message: string;
  readonly index: number;
}

/** What the file says for people; it must say what the proof says. */
export interface Summary {
  readonly transaction: string;
  readonly operation: string;
  readonly about: string;
  readonly sender: string;
  readonly height: number;
  readonly time: string;
  readonly result: string;
}

/** Read the file's form. Throws Malformed. */
export function readReceiptFile(content: string): ReceiptFile {
  if (content.length > FILE_SIZE_MAX) throw new Malformed("the file is larger than 16 MiB");
  const plain = asObject(parseJson(content, "the file"), "the file");
  refuseUnknown(plain, FIELDS);
  if (plain["format"] !== FORMAT) {
    throw new Malformed(`its format is ${JSON.stringify(plain["format"] ?? null)}, not "${FORMAT}"`);
  }
  return {
    transaction: fromBase64(plain["transaction"], "the transaction"),
    log: readInclusion(plain["log"], "log"),
    receipt: fromBase64(plain["receipt"], "the receipt"),
    block: readInclusion(plain["block"], "block"),
    header: fromBase64(plain["header"], "the header"),
    certificate: fromBase64(plain["certificate"], "the certificate"),
    validatorChanges: readChanges(plain["validator_changes"]),
    attestedFile: readAttestedFile(plain["attested_file"]),
    summary: plain["summary"],
  };
}

/** Write the file as the format has it, with `summary` computed from the proof. */
export function writeReceiptFile(file: ReceiptFile, summary: Summary): string {
  const inclusion = ({ index, size, path }: Inclusion): unknown => ({
    index, size, path: path.map(toHex),
  });
  const plain = {
    format: FORMAT,
    summary,
    transaction: toBase64(file.transaction),
    log: inclusion(file.log),
    receipt: toBase64(file.receipt),
    block: inclusion(file.block),
    header: toBase64(file.header),
    certificate: toBase64(file.certificate),
    validator_changes: file.validatorChanges.map(toBase64),
    attested_file: file.attestedFile,
  };
  return `${JSON.stringify(plain, null, 2)}\n`;
}

/** Tell whether the summary in the file is the one that the proof gives. */
export function isSameSummary(found: unknown, summary: Summary): boolean {
  if (typeof found !== "object" || found === null || Array.isArray(found)) return false;
  const entries = Object.entries(found);
  return (
    entries.length === Object.keys(summary).length &&
    entries.every(([name, value]) => (summary as unknown as Record<string, unknown>)[name] === value)
  );
}

/** Read an encoded receipt. Throws Malformed. */
export function readReceipt(data: Uint8Array): Receipt {
  const reader = new Reader(data, "the receipt");
  reader.array(7);
  const transaction = reader.bytes(32);
  const code = reader.text();
  const message = reader.text();
  reader.count();
  reader.bytes();
  reader.value();
  const index = reader.count();
  reader.end();
  return { transaction, code, message, index };
}

/** Write a time as 2015-02-07T11:00:00.000Z, or as a number where that form ends. */
export function formatTime(timeMs: number): string {
  return timeMs >= YEAR_10000_MS ? `${timeMs} ms after 1970` : new Date(timeMs).toISOString();
}

function readInclusion(value: unknown, what: string): Inclusion {
  const plain = asObject(value, what);
  refuseUnknown(plain, ["index", "size", "path"]);
  const path = asList(plain["path"], `${what}.path`);
  if (path.length > PATH_LENGTH_MAX) throw new Malformed(`${what}.path has ${path.length} hashes`);
  return {
    index: asCount(plain["index"], `${what}.index`),
    size: asCount(plain["size"], `${what}.size`),
    path: path.map((item) => fromHex(item, `${what}.path`, 32)),
  };
}

function readChanges(value: unknown): Bytes[] {
  const changes = asList(value, "validator_changes");
  if (changes.length > CHANGES_MAX) throw new Malformed(`it holds ${changes.length} changes`);
  return changes.map((item) => fromBase64(item, "a change of the validators"));
}

function readAttestedFile(value: unknown): AttestedFile | null {
  if (value === null) return null;
  const plain = asObject(value, "attested_file");
  refuseUnknown(plain, ["name", "sha256", "size"]);
  return {
    name: asText(plain["name"], "attested_file.name"),
    sha256: toHex(fromHex(plain["sha256"], "attested_file.sha256", 32)),
    size: plain["size"] === null ? null : asCount(plain["size"], "attested_file.size"),
  };
}
