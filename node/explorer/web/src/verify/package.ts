/** A contract's package: whether its parts give the hashes that members approved. As chain/package.py. */

import { fromHex, toHex, toUtf8 } from "./bytes";
import { hashTagged } from "./hashing";
import { pack } from "./msgpack";

/** The parts of a package with what they are said to hash to, in hex. */
export interface PackageText {
  readonly hash: string;
  readonly name: string;
  readonly engine: string;
  readonly source: string;
  readonly tests: string;
  readonly stubs: string;
  readonly check: string;
  readonly report: string;
  readonly build: string;
}

/** Tell whether a package hashes to its name, and its build to its parts. */
export function isWholePackage(given: PackageText): boolean {
  const { hash, name, engine, source, tests, stubs, check, report, build } = given;
  const parts = [name, engine, source, tests, stubs];
  const whole = pack([...parts, check, report, fromHex(build, "the build", 32)]);
  const built = hashTagged("contract-build", ...parts.map((one) => hashTagged("contract-part", toUtf8(one))));
  return toHex(built) === build && toHex(hashTagged("contract-package", whole)) === hash;
}

/** Hash a source, in hex: what the state, consents and actions name it by. */
export function hashSource(source: string): string {
  return toHex(hashTagged("contract-source", toUtf8(source)));
}
