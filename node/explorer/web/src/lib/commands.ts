/** Commands to copy, with this node's address where the command line needs one. */

/** How a partner puts a statement about a twin on record. */
export function attestCommand(twin = "R80711"): string {
  return `veritwin attest --twin ${twin} --file report.pdf --identity KEY.json --node ${location.origin}`;
}

/** How a contract is tried before it is deployed. */
export const CHECK_CONTRACT = "veritwin contract check my_contract.py";

/** How a contract is begun. */
export const NEW_CONTRACT = "veritwin contract new my_contract";

/** How a member reads what a proposal would change in a contract. */
export function diffCommand(name: string, proposal: string): string {
  return `veritwin contract diff ${name} --proposal ${proposal} --node ${location.origin}`;
}

/** How a contract's life is shown on the command line. */
export function showContractCommand(name: string): string {
  return `veritwin contract show ${name} --node ${location.origin}`;
}

/** How a node's health is asked for. */
export function statusCommand(): string {
  return `veritwin status --node ${location.origin}`;
}

/** What an error means and what to do about it. */
export function explainCommand(code: string): string {
  return `veritwin explain ${code}`;
}

/** How a member proposes that a node gets another weight. */
export function proposeCommand(node = "NODE", weight = 1): string {
  return `veritwin member propose set-weight ${node} ${weight} --identity admin.json --node ${location.origin}`;
}

/** How a member approves a proposal. */
export function approveCommand(proposal: string, group: "member" | "contract" = "member"): string {
  return `veritwin ${group} approve ${proposal} --identity admin.json --node ${location.origin}`;
}

/** How an organisation gives its node another vote key. */
export function rotateCommand(node: string): string {
  return `veritwin member rotate-key --home ${node} --identity admin.json --node ${location.origin}`;
}

/** How evidence is listed, from any node. */
export function evidenceCommand(): string {
  return `veritwin evidence list --node ${location.origin}`;
}
