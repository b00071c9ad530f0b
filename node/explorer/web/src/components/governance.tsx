/** Parts that the pages about members share. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { contractOf } from "../lib/contracts";
import { formatCount } from "../lib/format";
import { describeCause, effectOf, neededApprovals, stateOf, titleOfChange } from "../lib/governance";
import { headHeight } from "../lib/live";
import type { Committee, Proposal } from "../lib/types";
import { Id, Tag, When } from "./basics";
import { Table } from "./table";

const PAGES = [
  ["/members", "Validators"],
  ["/proposals", "Proposals"],
  ["/evidence", "Evidence"],
] as const;
const TONES = { open: "warn", approved: "good", withdrawn: "plain", expired: "bad" } as const;

/** Links between the three lists about members. */
export function MemberPages(): JSX.Element {
  const { path } = useLocation();
  return (
    <nav class="pages" aria-label="About members">
      {PAGES.map(([href, label]) => (
        <a key={href} href={href} class="button" aria-current={path === href ? "page" : undefined}>{label}</a>
      ))}
    </nav>
  );
}

/** Where a proposal stands. */
export function ProposalTag({ proposal }: { proposal: Proposal }): JSX.Element {
  const state = stateOf(proposal);
  return <Tag tone={TONES[state as keyof typeof TONES] ?? "plain"}>{state}</Tag>;
}

/** Proposals, each with where it stands. */
export function ProposalTable({ items }: { items: readonly Proposal[] }): JSX.Element {
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

/** From when on an approved change is in force. */
export function Effect({ proposal }: { proposal: Proposal }): JSX.Element {
  if (proposal.status !== "approved") return <span class="muted">–</span>;
  const height = effectOf(proposal);
  if (contractOf(proposal) === null) return <InForce height={height} />;
  return <>{height > headHeight.value ? "from" : "since"} <span class="num">block {formatCount(height)}</span></>;
}

/** What is in force at a height, or will be. */
export function InForce({ height }: { height: number }): JSX.Element {
  const isPlanned = height > headHeight.value + 1;
  return (
    <>
      {isPlanned ? "from " : "since "}
      {isPlanned
        ? <span class="num">block {formatCount(height)}</span>
        : <a href={`/members?at=${height}`} class="num">block {formatCount(height)}</a>}
    </>
  );
}

/** Sets of validators, the newest first: what changed, from when on, by which transaction. */
export function CommitteeTimeline({ items }: { items: readonly Committee[] }): JSX.Element {
  return (
    <ol class="chain-list">
      {items.map((one, i) => (
        <li key={one.height} class={one.height > headHeight.value + 1 ? "open" : ""}>
          <h3>{describeCause(one)}</h3>
          <p class="muted small">
            In force <InForce height={one.height} />
            {i > 0 && <> until <span class="num">{formatCount((items[i - 1]?.height ?? 0) - 1)}</span></>}
            {one.transaction !== null && (
              <>
                , decided in <a href={`/blocks/${one.decided_height}`} class="num">block {formatCount(one.decided_height)}</a> by{" "}
                <Id value={one.transaction} what="transaction id" href={`/tx/${one.transaction}`} />
              </>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}
