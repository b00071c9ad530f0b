/** `/proposals` and `/proposals/:id`: what members want changed, and who approved it. */

import type { ComponentChildren, JSX } from "preact";
import { useLocation } from "preact-iso";

import { Command, Facts, Id, Section, When } from "../components/basics";
import { InForce, MemberPages, ProposalTag } from "../components/governance";
import { Pager } from "../components/pager";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { TrustBadge } from "../components/trust";
import { withQuery } from "../lib/api";
import { approveCommand, proposeCommand } from "../lib/commands";
import { formatCount, humanise, plural } from "../lib/format";
import { describeProposal, missingApprovals, neededApprovals, stateOf, titleOfChange } from "../lib/governance";
import { headHeight } from "../lib/live";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import type { Page, Proposal as Answer } from "../lib/types";

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
        Changes of who belongs to the chain and who votes. More than two thirds of the organisations make one.
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

function ProposalTable({ items }: { items: readonly Answer[] }): JSX.Element {
  return (
    <Table
      caption="Proposals, newest first"
      rows={items}
      rowKey={(one) => one.id}
      columns={[
        { head: "Change", isName: true, cell: (one) => <a href={`/proposals/${one.id}`} class="break">{titleOfChange(one.change)}</a> },
        { head: "Status", cell: (one) => <ProposalTag proposal={one} /> },
        { head: "Approved by", cell: (one) => `${formatCount(one.approvals.length)} of ${formatCount(neededApprovals(one))}` },
        { head: "Proposed by", isOptional: true, cell: (one) => one.organisation },
        { head: "In force", isOptional: true, cell: (one) => <Effect proposal={one} /> },
        { head: "Proposed", isOptional: true, cell: (one) => <When ms={one.time_ms} /> },
      ]}
    />
  );
}

function Effect({ proposal }: { proposal: Answer }): JSX.Element {
  if (proposal.status !== "approved") return <span class="muted">–</span>;
  return <InForce height={proposal.effective_height ?? proposal.closed_height ?? 0} />;
}

export function Proposal({ id }: { id: string }): JSX.Element {
  useTitle("Proposal");
  const proposal = useResource<Answer>(`/v1/proposals/${encodeURIComponent(id)}`, ["block"], { everyMs: EVERY_MS });
  return <Loaded of={proposal} lines={8} title="Proposal">{(data) => <Content proposal={data} />}</Loaded>;
}

function Content({ proposal }: { proposal: Answer }): JSX.Element {
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
          <Facts items={[...listFields(proposal.change)]} />
        </Section>
      </div>
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

function Approvals({ proposal }: { proposal: Answer }): JSX.Element {
  const missing = missingApprovals(proposal);
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
          <Item title={`${plural(missing, "more organisation")} must approve`} isOpen>
            <p>An administrator of a member that has not approved yet runs:</p>
            <p><Command text={approveCommand(proposal.id)} /></p>
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
    if (name === "type" || value === "") continue;
    if (typeof value === "object" && value !== null) yield* listFields(value as Record<string, unknown>);
    else if (typeof value === "string" && KEY.test(value)) yield [humanise(name), <Id value={value} what={humanise(name)} full />];
    else yield [humanise(name), <span class="break">{String(value)}</span>];
  }
}
