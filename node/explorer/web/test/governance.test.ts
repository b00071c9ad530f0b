import { expect, test } from "vitest";

import {
  describeCause, describeChange, describeKept, describeProposal, describeValidators, missingApprovals,
  neededApprovals, standingOf,
} from "../src/lib/governance";
import { describeTransaction } from "../src/lib/sentences";
import type { Committee, Proposal, Transaction, Validator, Validators } from "../src/lib/types";
import { loadJson } from "./vectors";

const proposal: Proposal = {
  id: "ab".repeat(32), about: "", change: { type: "set_weight", node: "certis-1", weight: 0 }, note: "",
  organisation: "gridlink", height: 20, time_ms: 1, expiry_height: 500, status: "open", expired: false,
  approvals: [{ organisation: "gridlink", key: "", transaction: "", height: 20, time_ms: 1 }],
  needed: 3, closed_height: null, effective_height: null, settings: [],
};

test("every change of the vectors has a sentence of its own", () => {
  const { transactions } = loadJson<{
    transactions: { operation: string; value: { operation: Record<string, unknown> } }[];
  }>("transactions.json");
  const changes = transactions
    .filter(({ operation }) => operation === "propose_change")
    .map(({ value }) => describeChange(value.operation["change"] as Record<string, unknown>));
  expect(changes).toEqual([
    "let the organisation Vents du Nord (vents-du-nord) in",
    "add the node borne-energie-2 of borne-energie, without a vote yet",
    "remove the node gridlink-1",
    "take the vote of certis-1",
    "agree by BFT",
    "upgrade the contract maintenance from version 1",
    "pause the contract maintenance",
    "let the contract maintenance go on",
    "roll the contract maintenance back from version 2 to version 1",
    "ask for approvals by 2 of all organisations, certis among them for contracts",
  ]);
});

test("every operation of the vectors is told in words", () => {
  const { transactions } = loadJson<{
    transactions: { operation: string; value: { operation: Record<string, unknown> } }[];
  }>("transactions.json");
  for (const { operation, value } of transactions) {
    const shown = { operation, body: value.operation, organisation: "gridlink" } as unknown as Transaction;
    expect(describeTransaction(shown), operation).not.toMatch(/sent “|undefined|null|\[object/);
  }
});

test("a proposal says how many more must approve it, and from when on it is in force", () => {
  expect(missingApprovals(proposal)).toBe(2);
  expect(describeProposal(proposal, 30)).toBe(
    "gridlink proposed this. 1 of the 3 organisations that must approve it did; 2 more are needed.",
  );
  const approved: Proposal = { ...proposal, status: "approved", closed_height: 29, effective_height: 31 };
  expect(describeProposal(approved, 29)).toContain("It comes into force at block 31.");
  expect(describeProposal(approved, 30)).toContain("It is in force since block 31.");
  expect(describeProposal({ ...approved, effective_height: null }, 30)).toContain("since block 29.");
  expect(neededApprovals(approved)).toBe(1);
  expect(describeProposal({ ...proposal, expired: true }, 501)).toContain("not enough organisations");
  expect(describeProposal({ ...proposal, status: "withdrawn", closed_height: 25 }, 30)).toContain("back in block 25");
});

test("a validator's standing: suspended from a height on, then given its vote back", () => {
  const one: Validator = {
    index: 0, node: "a-1", organisation: "a", weight: 0, vote_key: "", last_signed_height: null,
    missed_last_100: 0, offences: 1, suspended_height: 9,
  };
  expect(standingOf(one, 9).word).toBe("suspended");
  expect(standingOf(one, 8).word).toBe("1 offence");
  expect(standingOf({ ...one, weight: 1 }, 12)).toEqual({ word: "1 offence", tone: "warn" });
  expect(standingOf({ ...one, offences: 0, suspended_height: null }, 12).word).toBe("no vote");
  expect(standingOf({ ...one, weight: 1, offences: 0, suspended_height: null }, 12).word).toBe("good");
});

test("who decides is said with the engine and the weight that it takes", () => {
  const items = [1, 1, 0].map((weight) => ({ weight })) as unknown as Validators["items"];
  const shown = { items, engine: "raft", quorum: 2, total_weight: 2, since: 1_200 } as unknown as Validators;
  expect(describeValidators(shown)).toBe(
    "Since block 1,200, 2 of 3 nodes have a vote. They agree by Raft, and weight 2 of 2 decides.",
  );
  expect(describeValidators({ ...shown, items: items.slice(0, 2), since: 1 })).toMatch(/^Since the chain began, 2 nodes vote\./);
});

test.each([
  ["genesis", "The chain begins with these validators."],
  ["add_validator", "b-1 joins with weight 2."],
  ["remove_validator", "b-1 leaves."],
  ["set_weight", "b-1 gets weight 2."],
  ["set_engine", "The chain goes over to BFT."],
  ["rotate_vote_key", "b-1 gets a new vote key."],
  ["suspend", "b-1 is suspended for signing two things at once."],
] as const)("the cause %s is told in words", (cause, wanted) => {
  const members = [{ index: 0, node: "b-1", organisation: "b", weight: 2, vote_key: "" }];
  const set: Committee = {
    height: 3, engine: "bft", quorum: 2, total_weight: 2, members, cause, node: "b-1", organisation: "b",
    decided_height: 1, transaction: null,
  };
  expect(describeCause(set)).toBe(wanted);
});

test("a roll-back says that the state stays as it is, and nothing else does", () => {
  expect(describeKept({ type: "roll_back_contract", name: "maintenance", version: 1, replaces: 2 })).toBe(
    "The state stays as it is: no @upgrade runs, and what one version wrote, the other one finds.",
  );
  expect(describeKept({ type: "pause_contract", name: "maintenance" })).toBeNull();
});
