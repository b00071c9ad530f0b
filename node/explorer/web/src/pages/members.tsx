/** `/members`: who decides a height, how they stand, and how they came to be these. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { Id, Section, Tag } from "../components/basics";
import { CommitteeTimeline, MemberPages } from "../components/governance";
import { Pager } from "../components/pager";
import { Loaded } from "../components/states";
import { type Column, Table } from "../components/table";
import { TrustBadge } from "../components/trust";
import { withQuery } from "../lib/api";
import { formatCount, plural } from "../lib/format";
import { describeCause, describeEngine, describeValidators, standingOf } from "../lib/governance";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import type { Committee, Consensus, Organisation, Organisations, Page, Proposal, Validator, Validators } from "../lib/types";

const EVERY_MS = 5_000;

/** The height stands in the URL as `at`; without it the page follows the chain. */
export function Members(): JSX.Element {
  useTitle("Members");
  const { at, cursor } = useLocation().query;
  const follow = at === undefined ? (["block"] as const) : [];
  const often = { everyMs: EVERY_MS };
  const validators = useResource<Validators>(withQuery("/v1/validators", { at }), follow, often);
  const organisations = useResource<Organisations>("/v1/organisations", follow, often);
  const changes = useResource<Page<Committee>>(
    withQuery("/v1/validators/changes", { cursor, limit: 20 }), cursor === undefined ? ["block"] : [], often,
  );
  return (
    <>
      <div class="page-head"><h1>Members</h1></div>
      <MemberPages />
      {at !== undefined && <Past at={at} />}
      <Loaded of={validators} lines={8}>
        {(data) => (
          <>
            <p class="lead">{describeValidators(data)} {describeEngine(data.engine)}</p>
            {at !== undefined && <Until planned={data.planned[0]} />}
            {at === undefined && <OpenProposals />}
            {data.planned.length > 0 && at === undefined && (
              <Section title="Planned"><CommitteeTimeline items={[...data.planned].reverse()} /></Section>
            )}
            <Section title="Validators" aside={<TrustBadge state="reported" />}>
              <ValidatorTable data={data} isPast={at !== undefined} />
            </Section>
          </>
        )}
      </Loaded>
      <Section title="Organisations">
        <Loaded of={organisations} lines={4}>{(data) => <OrganisationTable items={data.items} />}</Loaded>
      </Section>
      <Section title="How they came to be these">
        <Loaded of={changes} lines={5}>
          {(page) => (
            <>
              <CommitteeTimeline items={page.items} />
              <Pager next={page.next} noun="changes" />
            </>
          )}
        </Loaded>
      </Section>
    </>
  );
}

function Past({ at }: { at: string }): JSX.Element {
  return (
    <div class="banner past" role="status">
      <span>You are looking at the past: the validators of <strong>block {formatCount(Number(at))}</strong>.</span>
      <a class="button" href="/members">Back to now</a>
    </div>
  );
}

/** Up to which block the validators of a past height decided. */
function Until({ planned }: { planned: Committee | undefined }): JSX.Element {
  return (
    <p class="note-box">
      {planned === undefined
        ? "They are still the validators."
        : <>They decide up to block <span class="num">{formatCount(planned.height - 1)}</span>. Then: {describeCause(planned)}</>}
    </p>
  );
}

function OpenProposals(): JSX.Element | null {
  const open = useResource<Page<Proposal>>("/v1/proposals?status=open&limit=50", ["block"], { everyMs: EVERY_MS });
  const waiting = open.data?.items.filter((one) => !one.expired).length ?? 0;
  if (waiting === 0) return null;
  return (
    <p class="note-box">
      <a href="/proposals?status=open">{plural(waiting, "proposal waits", "proposals wait")} for approvals</a>
    </p>
  );
}

function ValidatorTable({ data, isPast }: { data: Validators; isPast: boolean }): JSX.Element {
  const seen = useResource<Consensus>(isPast ? null : "/v1/consensus", ["block"], { everyMs: EVERY_MS });
  const connected = new Map(seen.data?.validators.map((one) => [one.node, one.connected || one.is_self]));
  const columns: Column<Validator>[] = [
    {
      head: "Node", isName: true,
      cell: (one) => <span class="plain"><span>{one.node}</span><span class="muted small">{one.organisation}</span></span>,
    },
    { head: "Weight", align: "end", cell: (one) => formatCount(one.weight) },
    { head: "Standing", cell: (one) => <Standing one={one} height={data.height} /> },
    {
      head: "Last signed", align: "end",
      cell: (one) => one.last_signed_height === null ? <span class="muted">–</span> : (
        <a href={`/blocks/${one.last_signed_height}`} class="num">{formatCount(one.last_signed_height)}</a>
      ),
    },
    {
      head: "Missed of 100", align: "end", isOptional: true,
      cell: (one) => formatCount(one.missed_last_100),
    },
    {
      head: "Vote key", isOptional: true,
      cell: (one) => <Id value={one.vote_key} what={`vote key of ${one.node}`} />,
    },
  ];
  if (connected.size > 0) {
    columns.splice(3, 0, { head: "Seen here", isOptional: true, cell: (one) => <Seen is={connected.get(one.node)} /> });
  }
  return (
    <>
      <Table caption="Validators" rows={data.items} rowKey={(one) => one.node} columns={columns} />
      <p class="muted small">
        A node without weight is let in and follows, and signs no blocks. A certificate is complete once the quorum
        signed, so nodes that are well also miss some.
      </p>
    </>
  );
}

function OrganisationTable({ items }: { items: readonly Organisation[] }): JSX.Element {
  return (
    <Table
      caption="Organisations"
      rows={items}
      rowKey={(one) => one.id}
      columns={[
        {
          head: "Organisation", isName: true,
          cell: (one) => <span class="plain"><span>{one.name}</span><span class="muted small">{one.id}</span></span>,
        },
        { head: "Nodes", align: "end", cell: (one) => formatCount(one.node_count) },
        {
          head: "Administrators", isOptional: true,
          cell: (one) => (
            <span class="plain">
              {activeKeys(one).filter((key) => key.roles.includes("administrator")).map((key) => (
                <Id key={key.key} value={key.key} what={`administrator key of ${one.id}`} />
              ))}
            </span>
          ),
        },
        { head: "Keys in use", align: "end", cell: (one) => formatCount(activeKeys(one).length) },
      ]}
    />
  );
}

function activeKeys({ keys }: Organisation): Organisation["keys"] {
  return keys.filter((key) => key.revoked_height === null);
}

function Standing({ one, height }: { one: Validator; height: number }): JSX.Element {
  const { word, tone } = standingOf(one, height);
  const tag = <Tag tone={tone}>{word}</Tag>;
  return one.offences === 0 ? tag : <a href={`/evidence?node=${encodeURIComponent(one.node)}`}>{tag}</a>;
}

function Seen({ is }: { is: boolean | undefined }): JSX.Element {
  if (is === undefined) return <span class="muted">–</span>;
  return <span class="with-dot"><span class={`dot ${is ? "good" : "bad"}`} aria-hidden="true" />{is ? "connected" : "silent"}</span>;
}
