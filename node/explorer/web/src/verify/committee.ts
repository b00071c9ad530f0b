/** Who decides at a height. */

import { type Bytes, Malformed } from "./bytes";
import { hashTagged } from "./hashing";
import type { Reader } from "./msgpack";

const MEMBERS_MAX = 256;

/** A node that votes. */
export interface Validator {
  readonly node: string;
  readonly organisation: string;
  readonly voteKey: Bytes;
  readonly weight: number;
}

/** The validators of one height, how they agree, and the hash of all of it. */
export interface Committee {
  readonly members: readonly Validator[];
  readonly engine: string;
  readonly root: Bytes;
}

/** How many members have a vote; one without weight only follows. */
export function countVoters({ members }: Committee): number {
  return members.filter(({ weight }) => weight > 0).length;
}

/** Least weight that decides: more than two thirds of the total, in Raft more than half. */
export function quorumWeight({ members, engine }: Committee): number {
  const total = members.reduce((sum, member) => sum + member.weight, 0);
  return Math.floor(engine === "raft" ? total / 2 : (total * 2) / 3) + 1;
}

/** Read a committee that stands inside something else. */
export function readCommittee(reader: Reader): Committee {
  const start = reader.position;
  reader.array(2);
  const count = reader.array();
  if (count > MEMBERS_MAX) throw new Malformed(`${count} validators are more than a chain may have`);
  const members: Validator[] = [];
  for (let i = 0; i < count; i++) members.push(readMember(reader));
  const engine = reader.text();
  return { members, engine, root: hashTagged("validators", reader.since(start)) };
}

function readMember(reader: Reader): Validator {
  reader.array(6);
  const member = {
    node: reader.text(),
    organisation: reader.text(),
    voteKey: reader.bytes(32),
    weight: reader.count(),
  };
  reader.bytes(32);
  reader.bytes(32);
  return member;
}
