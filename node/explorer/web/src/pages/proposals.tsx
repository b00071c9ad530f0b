/** `/proposals` and `/proposals/:id`: what members want changed, and who approved it. */

import type { ComponentChildren, JSX } from "preact";
import { useLocation } from "preact-iso";

import { Command, Facts, Id, Section, When } from "../components/basics";
import { Changes, Source, Supports, packageFacts } from "../components/contract-parts";
import { Effect, MemberPages, ProposalTable, ProposalTag } from "../components/governance";
import { Pager } from "../components/pager";
import { Empty, Loaded } from "../components/states";
import { TrustBadge } from "../components/trust";
import { withQuery } from "../lib/api";
import { approveCommand, diffCommand, proposeCommand } from "../lib/commands";
import { contractOf, contractPath } from "../lib/contracts";
import { formatCount, humanise } from "../lib/format";
import { describeKept, describeMissing, describeProposal, neededApprovals, stateOf, titleOfChange } from "../lib/governance";
import { headHeight } from "../lib/live";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import type { Package, Page, Proposal as Answer } from "../lib/types";

const EVERY_MS = 5_000;
const STATUSES = [["", "All"], ["open", "Waiting"], ["closed", "Closed"]] as const;
const KEY = /^[0-9a-f]{64}$/;

export function Proposals(): JSX.Element {
  useTitle("Proposals");
  const { query, route } = useLocation();
  const { status, cursor } = query;
  const path = withQuery("/v1/proposals", { status, cursor, limit: 50 });
  const proposals = useResource<Page<Answer>>(path, cursor === undefined ? ["block"] : [], { everyMs: EVERY_MS });
  return (
    <>
      <div class="page-head"><h1>Proposals</h1></div>
      <MemberPages />
      <p class="lead">
        Changes of who belongs to the chain, of who votes, and of the contracts in force. More than two thirds of the
        organisations make one; for contracts the chain's policy says how many must approve.
      </p>
      <div class="segments" role="group" aria-label="Which proposals">
        {STATUSES.map(([value, label]) => (
          <button
            key={value}
            type="button"
            aria-pressed={(status ?? "") === value}
            onClick={() => route(withQuery("/proposals", { status: value }), true)}
          >
            {label}
          </button>
        ))}
      </div>
      <Loaded of={proposals} lines={6}>
        {(page) => page.items.length === 0 ? (
          <Empty title={status === undefined ? "No proposals yet." : "No such proposals."} command={proposeCommand()}>
            An administrator of any member proposes a change, and the others approve it.
          </Empty>
        ) : (
          <>
            <ProposalTable items={page.items} />
            <Pager next={page.next} noun="proposals" />
          </>
        )}
      </Loaded>
    </>
  );
}

export function Proposal({ id }: { id: string }): JSX.Element {
  useTitle("Proposal");
  const proposal = useResource<Answer>(`/v1/proposals/${encodeURIComponent(id)}`, ["block"], { everyMs: EVERY_MS });
  return <Loaded of={proposal} lines={8} title="Proposal">{(data) => <Content proposal={data} />}</Loaded>;
}

function Content({ proposal }: { proposal: Answer }): JSX.Element {
  const kept = describeKept(proposal.change);
  return (
    <>
      <div class="page-head">
        <h1>{titleOfChange(proposal.change)}</h1>
        <ProposalTag proposal={proposal} />
      </div>
      <p class="lead">{describeProposal(proposal, headHeight.value)}</p>
      {proposal.note !== "" && <blockquote>{proposal.note}</blockquote>}
      <div class="columns">
        <Section title="From proposal to effect" aside={<TrustBadge state="reported" />}>
          <Approvals proposal={proposal} />
          <p class="muted small">Open a transaction of this list to have it verified on this device.</p>
        </Section>
        <Section title={proposal.status === "approved" ? "What changed" : "What would change"}>
          <Facts items={[...contractFact(proposal), ...listFields(withoutContract(proposal))]} />
          {kept !== null && <p class="muted small">{kept}</p>}
        </Section>
      </div>
      <Handed proposal={proposal} />
      <Section title="Details">
        <Facts items={[
          ["Proposal", <Id value={proposal.id} what="proposal id" full />],
          ["Proposed", <When ms={proposal.time_ms} style="both" />],
          ["Expires after block", formatCount(proposal.expiry_height)],
        ]} />
      </Section>
    </>
  );
}

function* contractFact(proposal: Answer): Generator<readonly [string, ComponentChildren]> {
  const name = contractOf(proposal);
  if (name !== null) yield ["Contract", <a href={contractPath(name)} class="break">{name}</a>];
}

/** The fields of a change beside the name of its contract, which has a link of its own; parameters are readable. */
function withoutContract(proposal: Answer): Readonly<Record<string, unknown>> {
  const { name, ...others } = proposal.change;
  if (contractOf(proposal) === null) return proposal.change;
  return "parameters" in others ? { ...others, parameters: proposal.settings.join(", ") || "none" } : others;
}

/** The package that a proposal would put in force, for those who have to decide. */
function Handed({ proposal }: { proposal: Answer }): JSX.Element | null {
  const { type, package: hash, replaces } = proposal.change;
  const isPackage = type === "install_contract" && typeof hash === "string";
  const found = useResource<Package>(isPackage ? `/v1/contract-packages/${hash}` : null);
  if (!isPackage) return null;
  return (
    <Loaded of={found} lines={10}>
      {(given) => (
        <>
          <Section title="What changes in the source">
            <Changes name={given.name} source={given.source} replaces={Number(replaces)} />
            <p class="muted small">The same on the command line: <Command text={diffCommand(given.name, proposal.id)} /></p>
          </Section>
          <Supports given={given} />
          <Source source={given.source} hash={given.source_hash} given={given} wanted={hash} />
          <Section title="Package"><Facts items={packageFacts(given)} /></Section>
        </>
      )}
    </Loaded>
  );
}

function Approvals({ proposal }: { proposal: Answer }): JSX.Element {
  const needed = neededApprovals(proposal);
  const state = stateOf(proposal);
  return (
    <>
      <progress
        value={Math.min(proposal.approvals.length, needed)}
        max={needed}
        aria-label={`${proposal.approvals.length} of ${needed} organisations approved`}
      />
      <ol class="chain-list">
        {proposal.approvals.map((one, i) => (
          <Item key={one.organisation} title={`${one.organisation} ${i === 0 ? "proposed" : "approved"}`}>
            <p>
              In <a href={`/blocks/${one.height}`} class="num">block {formatCount(one.height)}</a>, <When ms={one.time_ms} style="both" />.
            </p>
            <p>Transaction <Id value={one.transaction} what="transaction id" href={`/tx/${one.transaction}`} /></p>
          </Item>
        ))}
        {state === "open" && (
          <Item title={describeMissing(proposal)} isOpen>
            <p>An administrator of a member that has not approved yet runs:</p>
            <p><Command text={approveCommand(proposal.id, contractOf(proposal) === null ? "member" : "contract")} /></p>
          </Item>
        )}
        {state === "approved" && <Item title="In force"><p>This change is in force <Effect proposal={proposal} />.</p></Item>}
        {state === "withdrawn" && <Item title="Withdrawn" isOpen><p>{proposal.organisation} took it back. Nothing changed.</p></Item>}
        {state === "expired" && <Item title="Expired" isOpen><p>Nothing changed. It can be proposed again.</p></Item>}
      </ol>
    </>
  );
}

function Item({ title, isOpen = false, children }: {
  title: string;
  isOpen?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return <li class={isOpen ? "open" : ""}><h3>{title}</h3>{children}</li>;
}

/** All fields of a change by name, those of its parts among them. */
function* listFields(change: Readonly<Record<string, unknown>>): Generator<readonly [string, ComponentChildren]> {
  for (const [name, value] of Object.entries(change)) {
    if (name === "type" || value === "" || (Array.isArray(value) && value.length === 0)) continue;
    if (Array.isArray(value)) yield [humanise(name), value.join(", ")];
    else if (typeof value === "object" && value !== null) yield* listFields(value as Record<string, unknown>);
    else if (typeof value === "string" && KEY.test(value)) yield [humanise(name), <Id value={value} what={humanise(name)} full />];
    else yield [humanise(name), <span class="break">{String(value)}</span>];
  }
}
