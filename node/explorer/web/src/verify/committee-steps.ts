/** Following the validators from genesis through the headers that change them. */

import {
  type Certificate, type Header, checkCertificate, checkCommittee, checkHeaderHash,
  readCertificateFrom, readHeaderFrom,
} from "./block";
import { type Bytes, Malformed, equal } from "./bytes";
import { type Committee, readCommittee } from "./committee";
import { Reader } from "./msgpack";

const STEP_SIZE_MAX = 256 << 10;

/** A header after which others decide: its certificate, and the set that it names. */
interface Step {
  readonly header: Header;
  readonly encodedHeader: Bytes;
  readonly certificate: Certificate;
  readonly committee: Committee;
}

/**
 * Give the committee after all steps, checking each to its last signature.
 *
 * `decides` is the height that the committee decides: all steps lie below it. Throws Malformed with
 * the first thing that does not fit. As chain/committee_steps.py and chain/proven_receipt_check.py.
 */
export async function followCommittee(
  genesis: { readonly hash: Bytes; readonly committee: Committee },
  encoded: readonly Uint8Array[],
  decides: number,
): Promise<Committee> {
  const steps = encoded.map(readStep);
  const last = steps.at(-1);
  if (last !== undefined && last.header.height >= decides) {
    throw new Malformed("the last change is not before the block");
  }
  let present = genesis.committee;
  let after = 0;
  for (const step of steps) {
    await checkStep(step, present, after, genesis.hash);
    present = step.committee;
    after = step.header.height;
  }
  return present;
}

async function checkStep(
  { header, encodedHeader, certificate, committee }: Step,
  present: Committee,
  after: number,
  genesis: Bytes,
): Promise<void> {
  const at = `the change at height ${header.height}`;
  if (header.height <= after) throw new Malformed(`${at} does not come after height ${after}`);
  if (!equal(header.genesis, genesis)) throw new Malformed(`${at} is of another chain`);
  checkHeaderHash(header, encodedHeader, certificate);
  checkCommittee(header, present);
  await checkCertificate(certificate, genesis, present);
  if (equal(header.nextValidatorsRoot, present.root)) throw new Malformed(`${at} changes nothing`);
  if (!equal(header.nextValidatorsRoot, committee.root)) {
    throw new Malformed(`${at} names other validators than it hands over to`);
  }
}

function readStep(data: Uint8Array): Step {
  if (data.length > STEP_SIZE_MAX) throw new Malformed("a change of the validators is too large");
  const reader = new Reader(data, "a change of the validators");
  reader.array(3);
  const start = reader.position;
  const header = readHeaderFrom(reader);
  const encodedHeader = reader.since(start);
  const certificate = readCertificateFrom(reader);
  const committee = readCommittee(reader);
  reader.end();
  return { header, encodedHeader, certificate, committee };
}

/** Say how many changes of the validators were followed. */
export function sayChanges(count: number): string {
  if (count === 0) return "There were none since genesis.";
  return `${count === 1 ? "One change was" : `${count} changes were`} followed from genesis, each to its last signature.`;
}
