/** The check of a receipt: every link from genesis down to one transaction and what it did. */

import {
  type Certificate, type Header, type Tally, checkCertificate, checkCommittee, checkGenesis,
  checkHeaderHash, readCertificate, readHeader, sayTally,
} from "./block";
import { type Bytes, Malformed, equal, toHex } from "./bytes";
import { type Committee, countVoters } from "./committee";
import { followCommittee, sayChanges } from "./committee-steps";
import { type Statement, checkEnvelope } from "./dsse";
import type { Genesis } from "./genesis";
import { leafHash, rootFromPath } from "./merkle";
import { viewOperation } from "./operations";
import {
  type AttestedFile, type Inclusion, type Receipt, type ReceiptFile, type Summary, formatTime,
  isSameSummary, readReceipt, readReceiptFile, writeReceiptFile,
} from "./receipt-file";
import { Chain, type Verdict } from "./steps";
import { type Transaction, checkSender, logLeaf, readTransaction } from "./transaction";

/** A verdict on a receipt, with what the receipt proves when all links hold. */
export interface ReceiptVerdict extends Verdict {
  readonly proven: {
    readonly transaction: string;
    readonly operation: string;
    readonly about: string;
    /** The operation's fields by name. */
    readonly body: Readonly<Record<string, unknown>>;
    readonly sender: string;
    readonly signature: string;
    readonly expiryHeight: number;
    readonly height: number;
    readonly timeMs: number;
    /** Position in the block, from 0. */
    readonly position: number;
    readonly code: string;
    readonly message: string;
    readonly attestedFile: AttestedFile | null;
  } | null;
}

/** The parts as they are decoded, one link after the other. */
class Opened {
  file!: ReceiptFile;
  transaction!: Transaction;
  receipt!: Receipt;
  header!: Header;
  certificate!: Certificate;
  committee!: Committee;
  tally!: Tally;
}

/**
 * Check a receipt file to its last signature, trusting only `genesis`.
 *
 * The links have the names, and break in the order, of chain/proven_receipt_check.py.
 */
export async function verifyReceipt(content: string, genesis: Genesis): Promise<ReceiptVerdict> {
  const o = new Opened();
  const chain = new Chain();
  addParts(chain, o, content);
  addDecision(chain, o, genesis);
  addContents(chain, o);
  addForm(chain, o, content);
  const verdict = await chain.run(() => summarise(o));
  if (!verdict.isOk) return { ...verdict, proven: null };
  const { transaction, header, receipt, file } = o;
  return {
    ...verdict,
    proven: {
      transaction: toHex(transaction.id),
      operation: transaction.operation,
      about: transaction.about,
      body: viewOperation(transaction.encoded),
      sender: toHex(transaction.sender),
      signature: toHex(transaction.signature),
      expiryHeight: transaction.expiryHeight,
      height: header.height,
      timeMs: header.timeMs,
      position: receipt.index,
      code: receipt.code,
      message: receipt.message,
      attestedFile: file.attestedFile,
    },
  };
}

function addParts(chain: Chain, o: Opened, content: string): void {
  chain
    .add("file form", "The file", () => {
      o.file = readReceiptFile(content);
      return "It reads as a Veritwin receipt, version 1.";
    })
    .add("transaction bytes", "Transaction", () => {
      o.transaction = readTransaction(o.file.transaction);
      const { readings, id } = o.transaction;
      const root = readings > 0 ? `, over the Merkle root of its ${readings} readings` : "";
      return `Its id was computed from its content${root}: ${toHex(id).slice(0, 16)}…`;
    })
    .add("receipt bytes", "Result", () => {
      o.receipt = readReceipt(o.file.receipt);
      return `The result reads “${o.receipt.code}”.`;
    })
    .add("header bytes", "Block header", () => {
      o.header = readHeader(o.file.header);
      return `The header is of height ${o.header.height}.`;
    })
    .add("certificate bytes", "Quorum certificate", () => {
      o.certificate = readCertificate(o.file.certificate);
      return `The certificate holds ${o.certificate.signatures.length} signatures.`;
    });
}

function addDecision(chain: Chain, o: Opened, genesis: Genesis): void {
  chain
    .add("header hash", "Header and certificate", () => {
      const hash = checkHeaderHash(o.header, o.file.header, o.certificate);
      return `The certificate is for this header: block ${toHex(hash).slice(0, 16)}…`;
    })
    .add("genesis", "Genesis", () => {
      checkGenesis(o.header, genesis);
      return `The block belongs to the chain “${genesis.chainId}”, whose genesis you trust.`;
    })
    .add("validator changes", "Changes of the validators", async () => {
      o.committee = await followCommittee(genesis, o.file.validatorChanges, o.header.height);
      return sayChanges(o.file.validatorChanges.length);
    })
    .add("validator set", "Validator set", () => {
      checkCommittee(o.header, o.committee);
      return `The ${countVoters(o.committee)} validators are those that decide this height.`;
    })
    .add("certificate", "Quorum", async () => {
      o.tally = await checkCertificate(o.certificate, genesis.hash, o.committee);
      return sayTally(o.tally);
    });
}

function addContents(chain: Chain, o: Opened): void {
  chain
    .add("transaction signature", "Sender's signature", async () => {
      const { transaction } = o;
      if (!equal(transaction.genesis, o.header.genesis)) {
        throw new Malformed("the transaction was made for another chain");
      }
      if (!(await checkSender(transaction))) {
        throw new Malformed("the signature does not fit the sender's key and this content");
      }
      return `The key ${toHex(transaction.sender).slice(0, 16)}… signed exactly this content.`;
    })
    .add("log inclusion", "Place in the log", () => {
      const { log } = o.file;
      if (log.size !== o.header.txLogSize) {
        throw new Malformed(`the path is for a log of ${log.size}, the header's has ${o.header.txLogSize}`);
      }
      follow(logLeaf(o.transaction), log, o.header.txLogRoot, "the log root in the header");
      return `It is transaction ${log.index + 1} of ${log.size} under the header's log root.`;
    })
    .add("receipt inclusion", "The result in the block", () => {
      follow(o.file.receipt, o.file.block, o.header.receiptsRoot, "the receipts root in the header");
      return `The result is number ${o.file.block.index + 1} of ${o.file.block.size} in the block.`;
    })
    .add("receipt id", "Result and transaction", () => {
      if (!equal(o.receipt.transaction, o.transaction.id)) {
        throw new Malformed("the result belongs to another transaction");
      }
      return o.receipt.code === "ok"
        ? "The result is this transaction's: ok."
        : `The result is this transaction's: ${o.receipt.code}, it changed nothing. ${o.receipt.message}`;
    })
    .add("position in block", "Position", () => {
      const { block, log } = o.file;
      const first = o.header.txLogSize - block.size;
      if (block.index !== o.receipt.index || first + block.index !== log.index) {
        throw new Malformed("the places in the block and in the log do not belong together");
      }
      return "Its places in the block and in the log belong together.";
    })
    .add("attested file", "Attestation", () => checkAttestation(o));
}

async function checkAttestation(o: Opened): Promise<string> {
  const { attestation, sender } = o.transaction;
  const { attestedFile } = o.file;
  if (attestation === null) {
    if (attestedFile !== null) throw new Malformed("the transaction is no attestation");
    return "This transaction is no attestation.";
  }
  if (attestedFile === null && o.receipt.code !== "ok") return "The chain refused the attestation.";
  const statement = await checkEnvelope(attestation.envelope, sender);
  if (attestedFile !== null && !names(statement, attestedFile)) {
    throw new Malformed(`the statement does not name “${attestedFile.name}” like this`);
  }
  const about = attestedFile === null ? "" : ` It names the file “${attestedFile.name}”.`;
  return `The statement about ${attestation.twin} is signed by the same key.${about}`;
}

function names(statement: Statement, file: AttestedFile): boolean {
  return statement.subjects.some(
    ({ name, sha256, size }) => name === file.name && sha256 === file.sha256 && size === file.size,
  );
}

function addForm(chain: Chain, o: Opened, content: string): void {
  let summary: Summary;
  chain
    .add("summary", "Summary for people", () => {
      summary = {
        transaction: toHex(o.transaction.id),
        operation: o.transaction.operation,
        about: o.transaction.about,
        sender: toHex(o.transaction.sender),
        height: o.header.height,
        time: formatTime(o.header.timeMs),
        result: o.receipt.code,
      };
      if (!isSameSummary(o.file.summary, summary)) {
        throw new Malformed("it says something else than the proof below it");
      }
      return "The readable part of the file says what the proof says.";
    })
    .add("file form", "Spelling of the file", () => {
      if (writeReceiptFile(o.file, summary) !== content) {
        throw new Malformed("spacing, order or spelling is not as the format has it");
      }
      return "The file is byte for byte as the format has it.";
    });
}

function follow(leaf: Bytes, inclusion: Inclusion, root: Bytes, where: string): void {
  const found = rootFromPath(leafHash(leaf), inclusion.index, inclusion.size, inclusion.path);
  if (!equal(found, root)) throw new Malformed(`the path does not lead to ${where}`);
}

function summarise(o: Opened): string {
  const { header, transaction, tally, receipt } = o;
  const effect = receipt.code === "ok" ? "took effect" : `was refused (${receipt.code})`;
  return (
    `This transaction (${transaction.about}) was signed by its sender, ${effect} in block ` +
    `${header.height} at ${formatTime(header.timeMs)}, and that block was decided by ` +
    `${tally.signers.length} validators of the chain you trust.`
  );
}
