/** `/twins/:id`: one twin, now or at a height or time (`?at=`). */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { Facts, Id, Measured, Section, StatusTag, Tag, TwinLink, When } from "../components/basics";
import { ProofPanel } from "../components/proof";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { Problem, withQuery } from "../lib/api";
import { checkTwin } from "../lib/check";
import { compareTwin } from "../lib/compare";
import { formatCount, humanise, plural, qualityCode, qualityName } from "../lib/format";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { trust } from "../lib/trust";
import type { Twin as Answer, TwinProperty } from "../lib/types";
import { useVerdict } from "../lib/verdict";
import type { Verdict } from "../verify";
import { TwinActions, TwinAttestations, TwinTimeline } from "./twin-lists";
import { TwinSeries } from "./twin-series";

export function Twin({ id }: { id: string }): JSX.Element {
  useTitle(id);
  const { at } = useLocation().query;
  const base = `/v1/twins/${encodeURIComponent(id)}`;
  const twin = useResource<Answer>(withQuery(base, { at }), at === undefined ? ["block"] : []);
  return <Loaded of={twin} lines={10} title={id}>{(data) => <Content key={data.id} twin={data} at={at} />}</Loaded>;
}

function Content({ twin, at }: { twin: Answer; at: string | undefined }): JSX.Element {
  return (
    <>
      <Ancestry twin={twin} at={at} />
      <div class="page-head">
        <h1>{twin.id}</h1>
        <StatusTag status={twin.status} />
        <TimeTravel at={at} />
      </div>
      {twin.description !== "" && <p class="lead">{twin.description}</p>}
      {at !== undefined && <PastBanner twin={twin} />}
      <State twin={twin} />
      <Proof twin={twin} at={at} />
      <TwinSeries twin={twin} />
      <div class="columns">
        <div class="stack">
          <TwinActions twin={twin} />
          <TwinAttestations id={twin.id} />
        </div>
        <div class="stack">
          <Parts twin={twin} at={at} />
          <About twin={twin} />
        </div>
      </div>
      <TwinTimeline twin={twin} />
    </>
  );
}

function Ancestry({ twin, at }: { twin: Answer; at: string | undefined }): JSX.Element {
  return (
    <nav class="crumbs" aria-label="Where this twin belongs">
      <ol>
        <li><a href="/twins">Twins</a></li>
        {twin.parent !== null && <Above id={twin.parent} at={at} depth={0} />}
        <li aria-current="page">{twin.id}</li>
      </ol>
    </nav>
  );
}

const ANCESTORS_MAX = 6;

function Above({ id, at, depth }: { id: string; at: string | undefined; depth: number }): JSX.Element {
  const above = useResource<Answer>(withQuery(`/v1/twins/${encodeURIComponent(id)}`, { at }));
  const parent = above.data?.parent ?? null;
  return (
    <>
      {parent !== null && depth < ANCESTORS_MAX && <Above id={parent} at={at} depth={depth + 1} />}
      <li><TwinLink id={id} at={at} /></li>
    </>
  );
}

function TimeTravel({ at }: { at: string | undefined }): JSX.Element {
  const { path, query, route } = useLocation();
  const go = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("at") ?? "").trim();
    route(withQuery(path, { ...query, at: text.replace(" UTC", "Z").replace(" ", "T") }));
  };
  return (
    <form class="travel" onSubmit={go}>
      <label>
        <span class="hidden">Show as of a block height or a UTC time</span>
        <input name="at" key={at ?? ""} defaultValue={at ?? ""} placeholder="as of height or UTC time" />
      </label>
      <button type="submit">Go</button>
    </form>
  );
}

function PastBanner({ twin }: { twin: Answer }): JSX.Element {
  const { path, query, route } = useLocation();
  const { at: _, ...rest } = query;
  return (
    <div class="banner past" role="status">
      <p>
        <strong>You are looking at the past:</strong> {twin.id} as it was after{" "}
        <a href={`/blocks/${twin.height}`}>block {formatCount(twin.height)}</a>. The chart, the
        timeline and the orders below are of today.
      </p>
      <button type="button" onClick={() => route(withQuery(path, rest))}>Back to now</button>
    </div>
  );
}

interface Row extends TwinProperty {
  readonly name: string;
}

function State({ twin }: { twin: Answer }): JSX.Element {
  const rows: Row[] = Object.entries(twin.properties).map(([name, one]) => ({ name, ...one }));
  return (
    <Section title="State" aside={<span class="muted small">after block {formatCount(twin.height)}</span>}>
      {rows.length === 0 ? (
        <Empty title="This twin measures nothing itself.">
          {twin.children.length > 0 ? "Its parts do; they are listed below." : "Its owner can add properties to it."}
        </Empty>
      ) : (
        <Table
          caption={`State of ${twin.id}`}
          rows={rows}
          rowKey={(row) => row.name}
          columns={[
            {
              head: "Property", isName: true,
              cell: (row) => <span title={row.semantic === "" ? undefined : row.semantic}>{humanise(row.name)}</span>,
            },
            { head: "Value", align: "end", cell: (row) => <strong><Measured value={row.value} unit={row.unit} /></strong> },
            { head: "Measured", cell: (row) => row.transaction === null ? <span class="muted">never</span> : <When ms={row.time_ms} style="utc" /> },
            { head: "Quality", cell: (row) => row.quality === null ? "–" : <Quality code={row.quality} /> },
            {
              head: "Transaction",
              cell: (row) => row.transaction === null ? "–" : (
                <Id value={row.transaction} what="transaction id" href={`/tx/${row.transaction}`} />
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

function Quality({ code }: { code: number }): JSX.Element {
  const name = qualityName(code);
  const tone = name === "Good" ? "good" : name === "Bad" ? "bad" : "warn";
  return <span title={`OPC UA StatusCode ${qualityCode(code)}`}><Tag tone={tone}>{name}</Tag></span>;
}

function Parts({ twin, at }: { twin: Answer; at: string | undefined }): JSX.Element {
  return (
    <Section title="Parts">
      {twin.children.length === 0 ? <p class="muted">It has no parts.</p> : (
        <ul class="plain">{twin.children.map((id) => <li key={id}><TwinLink id={id} at={at} /></li>)}</ul>
      )}
      {twin.busy_parts.length > 0 && <h3>With orders</h3>}
      <ul class="plain">
        {twin.busy_parts.map((part) => (
          <li key={part.id}><TwinLink id={part.id} at={at} /> <StatusTag status={part.status} /></li>
        ))}
      </ul>
      {!twin.parts_complete && <p class="muted">It has too many parts to look at all of them for orders.</p>}
    </Section>
  );
}

function About({ twin }: { twin: Answer }): JSX.Element {
  return (
    <Section title="About">
      <Facts items={[
        ["Kind", humanise(twin.kind)],
        ["Model", twin.model],
        ["Owner", twin.owner],
        twin.parent === null ? null : ["Part of", <TwinLink id={twin.parent} />],
        ...Object.entries(twin.attributes).map(([name, text]) => [humanise(name), text] as const),
        ["Registered", <a href={`/blocks/${twin.registered_height}`}>block {formatCount(twin.registered_height)}</a>],
        ["Last changed", <a href={`/blocks/${twin.updated_height}`}>block {formatCount(twin.updated_height)}</a>],
        ["Updates", plural(twin.updates, "reading")],
      ]} />
    </Section>
  );
}

function Proof({ twin, at }: { twin: Answer; at: string | undefined }): JSX.Element {
  const trusted = trust.value.state === "loading" ? null : trust.value;
  const tried = useVerdict(
    trusted === null ? null : () => tryCheck(twin, at), [twin.id, twin.height, at, trusted],
  );
  return (
    <ProofPanel title="Proof of this state" verdict={tried?.verdict ?? null} problem={tried?.problem ?? null}>
      <p class="caveat">
        Checked are the values, times, units and sources in the table “State”, the owner, model and
        parent. The chart, the timeline and the lists are reported by the node; each of their
        transactions can be opened and verified.
      </p>
    </ProofPanel>
  );
}

async function tryCheck(
  twin: Answer, at: string | undefined,
): Promise<{ verdict: Verdict | null; problem: string | null }> {
  try {
    // The node may have moved on since the page was loaded; the proof is asked for at its height.
    const verdict = await checkTwin(twin.id, at ?? String(twin.height));
    return { verdict: compareTwin(twin, verdict), problem: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { verdict: null, problem: `The node gave no proof. ${error.title}: ${error.detail}` };
  }
}
