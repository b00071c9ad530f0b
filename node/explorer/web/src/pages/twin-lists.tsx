/** What happened to a twin: orders, statements, timeline. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Section, StatusTag, When } from "../components/basics";
import { Empty, Loaded } from "../components/states";
import { withQuery } from "../lib/api";
import { attestCommand } from "../lib/commands";
import { formatCount, operationName, plural, shortenHashes } from "../lib/format";
import { useResource } from "../lib/resource";
import type { Action, Attestation, HistoryItem, Page, Twin } from "../lib/types";

const LIST_ROWS = 10;
const TIMELINE_ROWS = 50;
const GATHER_FROM = 2;

/** The orders of a twin, open ones first. */
export function TwinActions({ twin }: { twin: Twin }): JSX.Element {
  const path = withQuery("/v1/actions", { twin: twin.id, limit: LIST_ROWS });
  const actions = useResource<Page<Action>>(path, ["action"]);
  const all = withQuery("/actions", { twin: twin.id });
  return (
    <Section title="Orders" aside={<a href={all}>All orders</a>}>
      <Loaded of={actions}>
        {(page) => page.items.length === 0 ? (
          <Empty title="No order was ever opened for this twin." />
        ) : (
          <ul class="feed">
            {openFirst(page.items).map((action) => (
              <li key={action.id}>
                <div class="feed-main">
                  <a href={`/actions/${action.id}`}>{action.title}</a>
                  <span class="muted small">for {action.addressee} · opened <When ms={action.opened_time_ms} /></span>
                </div>
                <StatusTag status={action.status} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

function openFirst(actions: readonly Action[]): readonly Action[] {
  return [...actions].sort((a, b) => Number(b.status === "open") - Number(a.status === "open"));
}

/** The statements about a twin. */
export function TwinAttestations({ id }: { id: string }): JSX.Element {
  const path = withQuery("/v1/attestations", { twin: id, limit: LIST_ROWS });
  const attestations = useResource<Page<Attestation>>(path, ["attestation"]);
  return (
    <Section title="Attestations" aside={<a href={withQuery("/attestations", { twin: id })}>All attestations</a>}>
      <Loaded of={attestations}>
        {(page) => page.items.length === 0 ? (
          <Empty title="No statement about this twin yet." command={attestCommand(id)} />
        ) : (
          <ul class="feed">
            {page.items.map((item) => (
              <li key={item.id}>
                <div class="feed-main">
                  <a href={`/tx/${item.transaction}`}>{item.subjects[0]?.name ?? item.predicate_type}</a>
                  <span class="muted small">by {item.issuer} · <When ms={item.time_ms} /></span>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

/** Everything that is on record about a twin, newest first; older pages are added below. */
export function TwinTimeline({ twin }: { twin: Twin }): JSX.Element {
  return (
    <Section title="Timeline">
      <TimelinePart id={twin.id} cursor={null} version={twin.updated_height} />
    </Section>
  );
}

function TimelinePart({ id, cursor, version }: {
  id: string;
  cursor: string | null;
  /** Height at which the twin last changed. */
  version: number;
}): JSX.Element {
  const [isMore, setMore] = useState(false);
  const path = withQuery(`/v1/twins/${encodeURIComponent(id)}/history`, { cursor, limit: TIMELINE_ROWS });
  const history = useResource<Page<HistoryItem>>(path, [], isMore ? {} : { version });
  return (
    <Loaded of={history} lines={6}>
      {(page) => (
        <>
          <ol class="timeline">
            {gather(page.items).map((group) => <Group key={group[0]?.transaction} items={group} />)}
          </ol>
          {page.next !== null && !isMore && (
            <button type="button" onClick={() => setMore(true)}>Show older entries</button>
          )}
          {isMore && page.next !== null && <TimelinePart id={id} cursor={page.next} version={0} />}
        </>
      )}
    </Loaded>
  );
}

/** Put neighbouring telemetry together, so that what is rare stands out. */
function gather(items: readonly HistoryItem[]): readonly (readonly HistoryItem[])[] {
  const groups: HistoryItem[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (isRoutine(item) && last?.[0] !== undefined && isRoutine(last[0])) last.push(item);
    else groups.push([item]);
  }
  return groups.flatMap((group) => (group.length < GATHER_FROM ? group.map((item) => [item]) : [group]));
}

/** Whether an entry is a batch of readings like any other. */
function isRoutine(item: HistoryItem): boolean {
  return item.operation === "telemetry" && item.code === "ok" && !item.summary.includes("opened");
}

function Group({ items }: { items: readonly HistoryItem[] }): JSX.Element | null {
  const [newest] = items;
  const oldest = items.at(-1);
  if (newest === undefined || oldest === undefined) return null;
  if (items.length === 1) return <Entry item={newest} />;
  return (
    <li class="telemetry">
      <details>
        <summary>
          {plural(items.length, "batch", "batches")} of readings by {newest.organisation}, blocks{" "}
          {formatCount(oldest.height)} to {formatCount(newest.height)}
        </summary>
        <ol class="timeline">{items.map((item) => <Entry key={item.transaction} item={item} />)}</ol>
      </details>
    </li>
  );
}

function Entry({ item }: { item: HistoryItem }): JSX.Element {
  return (
    <li class={item.code === "ok" ? item.operation : "refused"}>
      <div class="feed-main">
        <a href={`/tx/${item.transaction}`}>{shortenHashes(item.summary)}</a>
        <span class="muted small">
          {operationName(item.operation)} · block {formatCount(item.height)} · <When ms={item.time_ms} />
        </span>
      </div>
      {item.code !== "ok" && <StatusTag status={item.code} />}
    </li>
  );
}
