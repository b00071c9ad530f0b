import { expect, test } from "vitest";

import { contractOf, describeForce, findHandler, findVersion, proposedContracts } from "../src/lib/contracts";
import { diffLines, foldDiff } from "../src/lib/diff";
import type { Proposal, Version } from "../src/lib/types";
import { type PackageText, hashSource, isWholePackage } from "../src/verify/package";
import { loadJson } from "./vectors";

const version: Version = {
  number: 2, cause: "upgraded", like: 2, replaces: 1, status: "replaced", failure: "", source_hash: "aa",
  package: null, organisation: "gridlink", proposal: null, approvals: [], transaction: "", decided_height: 9,
  decided_time_ms: 1, active_height: 10, ended_height: 20, settings: [],
};

function propose(change: Readonly<Record<string, unknown>>, expired = false): Proposal {
  return { change, status: "open", expired } as unknown as Proposal;
}

/** Put both texts together again from the lines of a difference. */
function rebuild(before: string, after: string): readonly [string, string] {
  const lines = diffLines(before, after);
  const join = (left: "old" | "new"): string =>
    lines.filter((one) => one.kind !== left).map((one) => `${one.text}\n`).join("");
  return [join("new"), join("old")];
}

test("a difference holds both texts, and common lines once", () => {
  const texts = ["", "a\n", "a\nb\nc\n", "b\nc\nd\n", "a\nx\nc\n", "x\n\n\ny\n", "c\nb\na\n"];
  for (const before of texts) for (const after of texts) expect(rebuild(before, after)).toEqual([before, after]);
  expect(diffLines("a\nb\nc\n", "a\nc\nd\n")).toEqual([
    { kind: "same", text: "a", oldLine: 1, newLine: 1 },
    { kind: "old", text: "b", oldLine: 2, newLine: null },
    { kind: "same", text: "c", oldLine: 3, newLine: 2 },
    { kind: "new", text: "d", oldLine: null, newLine: 3 },
  ]);
});

test("a text too large to compare line by line counts as replaced", () => {
  const many = (word: string): string => Array.from({ length: 5000 }, (_, i) => `${word} ${i % 2 === 0 ? i : "same"}\n`).join("");
  const [before, after] = [`first\n${many("a")}`, `first\n${many("b")}`];
  expect(rebuild(before, after)).toEqual([before, after]);
  expect(diffLines(before, after).filter((one) => one.kind === "same").length).toBe(1);
});

test("equal lines far from a difference are counted, not shown", () => {
  const before = Array.from({ length: 20 }, (_, i) => `${i}\n`).join("");
  const rows = foldDiff(diffLines(before, before.replace("10\n", "ten\n")));
  expect(rows[0]).toBe(7);
  expect(rows.at(-1)).toBe(6);
  expect(rows.length).toBe(2 + 6 + 2);
});

test("a package gives the hash that members approve, and no other package does", () => {
  interface Body { package: Omit<PackageText, "hash">; change: { type: string; package: string } }
  const { transactions } = loadJson<{ transactions: { operation: string; value: { operation: Body } }[] }>("transactions.json");
  const find = (operation: string, type = ""): Body => transactions.find((one) =>
    one.operation === operation && (type === "" || one.value.operation.change.type === type))!.value.operation;
  const parts = find("propose_contract").package;
  const whole: PackageText = { ...parts, hash: find("propose_change", "install_contract").change.package };
  expect(isWholePackage(whole)).toBe(true);
  for (const name of Object.keys(parts) as (keyof typeof parts)[]) {
    const changed = name === "build" || name === "name" ? "ab".repeat(32) : `${parts[name]} `;
    expect(isWholePackage({ ...whole, [name]: changed }), name).toBe(false);
  }
});

test("a source is named by the hash that the chain names it by", () => {
  expect(hashSource("x = 1\n")).not.toBe(hashSource("x = 2\n"));
  expect(hashSource("x = 1\n")).toBe("93d95ed81c2d4c52df52cba9a3c7bb61d8432871376a29f013cc53c8e2d6b503");
});

test("the version that ran at a height is found by its source", () => {
  const rolledBack: Version = { ...version, number: 4, active_height: 30, ended_height: null, status: "active" };
  const failed: Version = { ...version, number: 5, active_height: 31, ended_height: null, status: "failed" };
  const versions = [failed, rolledBack, version];
  expect(findVersion(versions, "aa", 15)?.number).toBe(2);
  expect(findVersion(versions, "aa", 25)).toBeUndefined();
  expect(findVersion(versions, "aa", 31)?.number).toBe(4);
  expect(findVersion(versions, "bb", 31)).toBeUndefined();
  expect(describeForce(version)).toBe("It was in force from block 10 to block 19.");
});

test("a handler is found with its decorators, and ends where the next part begins", () => {
  const source = '"""About."""\n\n@on_update(model="pump")\ndef watch(\n    update,\n) -> None:\n    """Do."""\n\n    act()\n\n\n@call\ndef other():\n    pass\n';
  expect(findHandler(source, "watch")).toEqual({
    line: 3, text: '@on_update(model="pump")\ndef watch(\n    update,\n) -> None:\n    """Do."""\n\n    act()',
  });
  expect(findHandler(source, "other")?.line).toBe(12);
  expect(findHandler(source, "wat")).toBeNull();
});

test("proposals of contracts are told from those of members, and new contracts from upgrades", () => {
  const install = propose({ type: "install_contract", name: "frost" });
  expect(contractOf(install)).toBe("frost");
  expect(contractOf(propose({ type: "set_weight", node: "a-1", name: "x" }))).toBeNull();
  const pause = propose({ type: "pause_contract", name: "heat" });
  expect(proposedContracts([install, pause], [])).toEqual([install]);
  expect(proposedContracts([install], ["frost"])).toEqual([]);
  expect(proposedContracts([propose(install.change, true)], [])).toEqual([]);
});
