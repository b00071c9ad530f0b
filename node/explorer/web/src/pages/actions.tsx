/** `/actions` and `/actions/:id`: cause, rule, order and answer as one chain. */

import type { ComponentChildren, JSX } from "preact";
import { useLocation } from "preact-iso";

import { Facts, Id, Section, StatusTag, TwinLink, When } from "../components/basics";
import { Code } from "../components/code";
import { VersionLink } from "../components/contract-parts";
import { Pager } from "../components/pager";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { TrustBadge } from "../components/trust";
import { withQuery } from "../lib/api";
import { CHECK_CONTRACT } from "../lib/commands";
import { contractPath, findHandler, findVersion } from "../lib/contracts";
import { formatCount, formatSpan, humanise, plural, shortId } from "../lib/format";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { describeAction } from "../lib/sentences";
import type { Acknowledgement, Action as Answer, ContractLife, Page, VersionDetails } from "../lib/types";

/** 1973: smaller numbers are spans, not times. */
const TIMES_FROM_MS = 1e11;
const STATUSES = ["open", "acknowledged", "completed", "declined"];

export function Actions(): JSX.Element {
  useTitle("Actions");
  const { query, route } = useLocation();
  const { status, twin, addressee, cursor } = query;
  const path = withQuery("/v1/actions", { status, twin, addressee, cursor, limit: 50 });
  const actions = useResource<Page<Answer>>(path, ["action"]);
  const change = (changes: Readonly<Record<string, string>>): void => {
    const { cursor: _, ...rest } = query;
    route(withQuery("/actions", { ...rest, ...changes }), true);
  };
  return (
    <>
      <div class="page-head"><h1>Actions</h1></div>
      <p class="lead">What contracts asked organisations to do, such as maintenance orders.</p>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Status
          <select value={status ?? ""} onChange={(event) => change({ status: event.currentTarget.value })}>
            <option value="">Any status</option>
            {STATUSES.map((one) => <option key={one} value={one}>{humanise(one)}</option>)}
          </select>
        </label>
        <label>
          Twin
          <input value={twin ?? ""} onChange={(event) => change({ twin: event.currentTarget.value.trim() })} />
        </label>
        <label>
          Addressee
          <input value={addressee ?? ""} placeholder="organisation" onChange={(event) => change({ addressee: event.currentTarget.value.trim() })} />
        </label>
        {(status ?? twin ?? addressee) !== undefined && <a class="button" href="/actions">Clear</a>}
      </form>
      <Loaded of={actions} lines={8}>
        {(page) => page.items.length === 0 ? (
          <Empty title={path.includes("status") ? "No action fits these filters." : "No actions yet."} command={CHECK_CONTRACT}>
            A contract opens an action when its rule holds for a twin's readings.
          </Empty>
        ) : (
          <>
            <ActionTable items={page.items} />
            <Pager next={page.next} noun="actions" />
          </>
        )}
      </Loaded>
    </>
  );
}

function ActionTable({ items }: { items: readonly Answer[] }): JSX.Element {
  return (
    <Table
      caption="Actions, newest first"
      rows={items}
      rowKey={(action) => action.id}
      columns={[
        { head: "Action", isName: true, cell: (action) => <a href={`/actions/${action.id}`}>{action.title}</a> },
        { head: "Twin", cell: (action) => <TwinLink id={action.twin} /> },
        { head: "Status", cell: (action) => <StatusTag status={action.status} /> },
        { head: "Addressee", isOptional: true, cell: (action) => action.addressee },
        { head: "Cause measured", isOptional: true, cell: (action) => <Window cause={action.cause} /> },
        { head: "Opened", cell: (action) => <When ms={action.opened_time_ms} /> },
      ]}
    />
  );
}

function Window({ cause }: { cause: Answer["cause"] }): JSX.Element {
  if (cause.from_ms === null) return <span class="muted">–</span>;
  return <When ms={cause.from_ms} style="utc" />;
}

export function Action({ id }: { id: string }): JSX.Element {
  useTitle(`Action ${shortId(id)}`);
  const action = useResource<Answer>(`/v1/actions/${encodeURIComponent(id)}`, ["action"]);
  return <Loaded of={action} lines={10} title="Action">{(data) => <Content action={data} />}</Loaded>;
}

function Content({ action }: { action: Answer }): JSX.Element {
  return (
    <>
      <div class="page-head">
        <h1>{action.title}</h1>
        <StatusTag status={action.status} />
      </div>
      <p class="lead">{describeAction(action)}</p>
      <Section title="From cause to answer" aside={<TrustBadge state="reported" />}>
        <ol class="chain-list">
          <Cause action={action} />
          <Rule action={action} />
          <Link title={humanise(action.kind)}>
            <p>
              Opened in <a href={`/blocks/${action.opened_height}`}>block {formatCount(action.opened_height)}</a>,{" "}
              <When ms={action.opened_time_ms} style="both" />, addressed to <strong>{action.addressee}</strong>.
            </p>
            {action.deadline_ms !== null && <p>To be finished by <When ms={action.deadline_ms} style="both" />.</p>}
            {action.overdue_height !== null && (
              <p>
                It was not finished in time: overdue since{" "}
                <a href={`/blocks/${action.overdue_height}`}>block {formatCount(action.overdue_height)}</a>
                {action.escalate_to !== null && <>, so <strong>{action.escalate_to}</strong> may answer it, too</>}.
              </p>
            )}
          </Link>
          {action.acknowledgements.map((answer) => <Answered key={answer.transaction} answer={answer} />)}
          {action.acknowledgements.length === 0 && (
            <Link title="Answer" isOpen>
              <p>{action.addressee} has not answered yet. This page notices by itself.</p>
            </Link>
          )}
        </ol>
        <p class="muted small">
          Open a transaction of this chain to have it verified on this device.
        </p>
      </Section>
      <Section title="Details">
        <Facts items={[
          ["Action", <Id value={action.id} what="action id" full />],
          ...Object.entries(action.details).map(([name, value]) => showDetail(name, value)),
        ]} />
      </Section>
    </>
  );
}

const CAUSES: Readonly<Record<string, string>> = {
  call: "A call of the contract", attestation: "A signed statement about the twin",
  action: "An answer to another action", timer: "Time: what was due",
};

function Cause({ action }: { action: Answer }): JSX.Element {
  const { cause } = action;
  if (cause.readings === 0) {
    return (
      <Link title="Cause">
        <p>
          {CAUSES[cause.kind] ?? humanise(cause.kind)}
          {cause.kind === "action" && <> (<Id value={cause.about} what="action id" href={`/actions/${cause.about}`} />)</>}
          , not a reading.
        </p>
        <p>Transaction <Id value={cause.transaction} what="transaction id" href={`/tx/${cause.transaction}`} /></p>
      </Link>
    );
  }
  const chart = withQuery(`/twins/${encodeURIComponent(cause.twin)}`, chartRange(action));
  return (
    <Link title="Cause">
      <p>
        {plural(cause.readings, "reading")} of <TwinLink id={cause.twin} />
        {cause.from_ms !== null && cause.to_ms !== null && (
          cause.from_ms === cause.to_ms
            ? <>, measured <When ms={cause.to_ms} style="utc" /></>
            : <>, measured from <When ms={cause.from_ms} style="utc" /> to <When ms={cause.to_ms} style="utc" />{" "}
                ({formatSpan(cause.to_ms - cause.from_ms)})</>
        )}.
      </p>
      <p>
        Transaction <Id value={cause.transaction} what="transaction id" href={`/tx/${cause.transaction}`} />
      </p>
      {cause.from_ms !== null && <p><a href={`${chart}#chart`}>See them in the chart</a></p>}
    </Link>
  );
}

/** The version of the contract that opened the action, and the part of its source that did. */
function Rule({ action }: { action: Answer }): JSX.Element {
  const path = `/v1/contracts/${encodeURIComponent(action.contract)}/versions`;
  const life = useResource<ContractLife>(path);
  const version = findVersion(life.data?.versions ?? [], action.source_hash, action.opened_height);
  const details = useResource<VersionDetails>(version === undefined ? null : `${path}/${version.number}`);
  const handler = details.data === null ? null : findHandler(details.data.source, action.handler);
  return (
    <Link title="Rule">
      <p>
        {version === undefined
          ? <>The contract <a href={contractPath(action.contract)}>{action.contract}</a></>
          : <VersionLink name={action.contract} number={version.number} />}
        {" "}ran its handler <code>{action.handler}</code> on this, and its rule held.
      </p>
      {version !== undefined && (
        <p>Approved by {version.approvals.map((one) => one.organisation).join(", ")}; in force since block {formatCount(version.active_height)} then.</p>
      )}
      {handler !== null && version !== undefined && (
        <details>
          <summary>The rule's source, from line {handler.line} on</summary>
          <Code text={handler.text} label={`Handler ${action.handler}`} first={handler.line} />
          <p><a href={`${contractPath(action.contract)}/versions/${version.number}#L${handler.line}`}>See it in the whole source</a></p>
        </details>
      )}
    </Link>
  );
}

/** Show as much time before and after the cause as it took, and six hours at the least. */
function chartRange({ cause, details }: Answer): Record<string, number> {
  if (cause.from_ms === null || cause.to_ms === null) return {};
  const since = details["since_ms"];
  const from = typeof since === "number" ? Math.min(since, cause.from_ms) : cause.from_ms;
  const room = Math.max(6 * 3_600_000, cause.to_ms - from);
  return { from_ms: from - room, to_ms: cause.to_ms + room };
}

function Answered({ answer }: { answer: Acknowledgement }): JSX.Element {
  return (
    <Link title={humanise(answer.outcome)}>
      <p>
        By <strong>{answer.organisation}</strong> in{" "}
        <a href={`/blocks/${answer.height}`}>block {formatCount(answer.height)}</a>, <When ms={answer.time_ms} style="both" />.
      </p>
      <p>Transaction <Id value={answer.transaction} what="transaction id" href={`/tx/${answer.transaction}`} /></p>
      {answer.note !== "" && <blockquote>{answer.note}</blockquote>}
    </Link>
  );
}

function Link({ title, isOpen = false, children }: {
  title: string;
  isOpen?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <li class={isOpen ? "open" : ""}>
      <h3>{title}</h3>
      {children}
    </li>
  );
}

/** A contract's own value; a number whose name ends in "_ms" and that can be a time is one. */
function showDetail(name: string, value: unknown): readonly [string, ComponentChildren] {
  if (name.endsWith("_ms") && typeof value === "number" && value > TIMES_FROM_MS) {
    return [humanise(name.slice(0, -3)), <When ms={value} style="utc" />];
  }
  return [humanise(name), typeof value === "string" ? value : JSON.stringify(value)];
}
