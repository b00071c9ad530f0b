/**
 * The verifier: checks what a node says, with nothing but a genesis that the reader trusts.
 *
 * It imports nothing from the pages and runs in the explorer, in verify.html and in Node.js alike.
 */

export { type Bytes, Malformed, fromBase64, fromHex, toHex } from "./bytes";
export { type Engine, getEngine } from "./ed25519";
export { type Committee, type Validator, quorumWeight } from "./committee";
export { type Genesis, readGenesis } from "./genesis";
export { type Header, type Certificate, readCertificate, readHeader } from "./block";
export { type Step, type Verdict } from "./steps";
export { type ReceiptVerdict, verifyReceipt } from "./receipt";
export { type BlockVerdict, type RawBlock, type TwinVerdict, verifyBlock, verifyTwin } from "./verdicts";
export { verifyEvidence } from "./evidence";
export { hashSource, isWholePackage } from "./package";
export { type ProvenTwin } from "./twin";
