/** Who decides and how that changes, in words. */

import type { Committee, Evidence, Proposal, Validator, Validators } from "./types";
import { formatCount, plural } from "./format";

type Plain = Readonly<Record<string, unknown>>;

/** How a chain agrees, by the name of its engine. */
export function engineName(engine: string): string {
  return engine === "raft" ? "Raft" : "BFT";
}

/** What an engine withstands, in a sentence. */
export function describeEngine(engine: string): string {
  return engine === "raft"
    ? "Raft withstands nodes that crash."
    : "BFT withstands nodes that crash or lie.";
}

/** Say what a change does, as the second half of a sentence: "remove the node acme-2". */
export function describeChange(change: Plain): string {
  const node = asText(change["node"]);
  switch (change["type"]) {
    case "add_organisation": {
      const { id, name } = asPlain(change["organisation"]);
      return `let the organisation ${asText(name)} (${asText(id)}) in`;
    }
    case "add_validator": {
      const { node: added, organisation, weight } = asPlain(change["validator"]);
      const vote = weight === 0 ? "without a vote yet" : `with weight ${String(weight)}`;
      return `add the node ${asText(added)} of ${asText(organisation)}, ${vote}`;
    }
    case "remove_validator":
      return `remove the node ${node}`;
    case "set_weight":
      return change["weight"] === 0 ? `take the vote of ${node}` : `give ${node} weight ${String(change["weight"])}`;
    case "set_engine":
      return `agree by ${engineName(asText(change["engine"]))}`;
    default:
      return describeContractChange(change);
  }
}

function describeContractChange(change: Plain): string {
  const contract = `the contract ${asText(change["name"])}`;
  switch (change["type"]) {
    case "install_contract": {
      const from = change["not_before"] === 0 ? "" : `, not before block ${formatCount(Number(change["not_before"]))}`;
      return change["replaces"] === 0
        ? `deploy ${contract}${from}`
        : `upgrade ${contract} from version ${String(change["replaces"])}${from}`;
    }
    case "pause_contract":
      return `pause ${contract}`;
    case "resume_contract":
      return `let ${contract} go on`;
    case "roll_back_contract":
      return `roll ${contract} back from version ${String(change["replaces"])} to version ${String(change["version"])}`;
    case "set_contract_policy":
      return `ask for ${describePolicy(asPlain(change["policy"]))} for contracts`;
    default:
      return "make a change that this page does not know";
  }
}

/** Say what a change leaves as it is, where somebody might expect otherwise; null where nobody would. */
export function describeKept(change: Plain): string | null {
  if (change["type"] !== "roll_back_contract") return null;
  return "The state stays as it is: no @upgrade runs, and what one version wrote, the other one finds.";
}

/** Say whose approval is needed: "approvals by 2 of all organisations, certis among them". */
function describePolicy(policy: Plain): string {
  const [among, required] = [asTexts(policy["among"]), asTexts(policy["required"])];
  const many = policy["approvals"] === 0 ? "more than two thirds" : String(policy["approvals"]);
  const must = required.length === 0 ? "" : `, ${required.join(", ")} among them`;
  return `approvals by ${many} of ${among.length === 0 ? "all organisations" : among.join(", ")}${must}`;
}

/** A change with a capital, for a heading. */
export function titleOfChange(change: Plain): string {
  const text = describeChange(change);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Say what made a set of validators another one than the set before it. */
export function describeCause({ cause, node, engine, members }: Committee): string {
  const weight = members.find((one) => one.node === node)?.weight ?? 0;
  switch (cause) {
    case "genesis":
      return "The chain begins with these validators.";
    case "add_validator":
      return `${node} joins ${weight === 0 ? "without a vote yet" : `with weight ${formatCount(weight)}`}.`;
    case "remove_validator":
      return `${node} leaves.`;
    case "set_weight":
      return weight === 0 ? `${node} loses its vote.` : `${node} gets weight ${formatCount(weight)}.`;
    case "set_engine":
      return `The chain goes over to ${engineName(engine)}.`;
    case "rotate_vote_key":
      return `${node} gets a new vote key.`;
    case "suspend":
      return `${node} is suspended for signing two things at once.`;
  }
}

/** How a validator stands: a word, its tone, and whether there is evidence to look at. */
export function standingOf(
  { weight, offences, suspended_height }: Validator, height: number,
): { readonly word: string; readonly tone: "good" | "warn" | "bad" | "plain" } {
  if (weight === 0 && suspended_height !== null && suspended_height <= height) return { word: "suspended", tone: "bad" };
  if (offences > 0) return { word: plural(offences, "offence"), tone: "warn" };
  return weight === 0 ? { word: "no vote", tone: "plain" } : { word: "good", tone: "good" };
}

/** Say who decides a height, in a sentence. */
export function describeValidators({ items, engine, quorum, total_weight, since }: Validators): string {
  const voters = items.filter((one) => one.weight > 0).length;
  const who = voters === items.length
    ? plural(voters, "node votes", "nodes vote")
    : `${formatCount(voters)} of ${plural(items.length, "node")} have a vote`;
  const from = since === 1 ? "Since the chain began" : `Since block ${formatCount(since)}`;
  return `${from}, ${who}. They agree by ${engineName(engine)}, and weight ${formatCount(quorum)} of ${formatCount(total_weight)} decides.`;
}

/** Where a proposal stands, in one word. */
export function stateOf(proposal: Proposal): string {
  return proposal.expired ? "expired" : proposal.status;
}

/** How many organisations have to approve a proposal, or had to when it was approved. */
export function neededApprovals({ status, needed, approvals }: Proposal): number {
  return status === "approved" ? approvals.length : needed;
}

/** How many more organisations must approve a proposal. */
export function missingApprovals({ needed, approvals }: Proposal): number {
  return Math.max(0, needed - approvals.length);
}

/** Say who has to approve yet; where enough did, somebody whose word the policy asks for is missing. */
export function describeMissing(proposal: Proposal): string {
  const missing = missingApprovals(proposal);
  return missing === 0
    ? "An organisation that the policy names must approve"
    : `${plural(missing, "more organisation")} must approve`;
}

/** From which height on an approved change is in force; a contract may have to wait for its height. */
export function effectOf({ effective_height, closed_height, change }: Proposal): number {
  const least = change["type"] === "install_contract" ? Number(change["not_before"]) : 0;
  return effective_height ?? Math.max(closed_height ?? 0, least);
}

/** Say where a proposal stands, in a sentence; `head` is the newest decided height. */
export function describeProposal(proposal: Proposal, head: number): string {
  const { organisation, approvals, needed, closed_height } = proposal;
  const missing = missingApprovals(proposal);
  switch (stateOf(proposal)) {
    case "open":
      return `${organisation} proposed this. ${formatCount(approvals.length)} of the ${formatCount(needed)} ` +
        (missing === 0
          ? "organisations that must approve it did, but not yet one that the policy names."
          : `organisations that must approve it did; ${formatCount(missing)} more ${missing === 1 ? "is" : "are"} needed.`);
    case "expired":
      return `${organisation} proposed this, but not enough organisations approved it in time.`;
    case "withdrawn":
      return `${organisation} proposed this and took it back in block ${formatCount(closed_height ?? 0)}.`;
    default:
      return `${organisation} proposed this and the members approved it. ${sayInForce(effectOf(proposal), head)}`;
  }
}

/** Say from when on an approved change is in force. */
export function sayInForce(from: number, head: number): string {
  return from > head + 1
    ? `It comes into force at block ${formatCount(from)}.`
    : `It is in force since block ${formatCount(from)}.`;
}

/** Say what is proven, in a sentence. */
export function describeEvidence({ node, kind, offence_height, round }: Evidence): string {
  return `${node} signed two different ${kind}s at height ${formatCount(offence_height)}, round ${formatCount(round)}. ` +
    "A correct validator signs one.";
}

/** A value that should be an object, or an empty one. */
export function asPlain(value: unknown): Plain {
  return typeof value === "object" && value !== null ? (value as Plain) : {};
}

/** A value that should be a text, or an empty one. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A value that should be a list of texts; what is not a text is empty. */
export function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : [];
}
