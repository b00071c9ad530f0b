/** Commands to copy, with this node's address where the command line needs one. */

/** How a partner puts a statement about a twin on record. */
export function attestCommand(twin = "R80711"): string {
  return `veritwin attest --twin ${twin} --file report.pdf --identity KEY.json --node ${location.origin}`;
}

/** How a contract is tried before it is deployed. */
export const CHECK_CONTRACT = "veritwin contract check my_contract.py";

/** How a node's health is asked for. */
export function statusCommand(): string {
  return `veritwin status --node ${location.origin}`;
}

/** What an error means and what to do about it. */
export function explainCommand(code: string): string {
  return `veritwin explain ${code}`;
}
