/** The chart of one property of a twin, with its orders marked on it. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useMemo } from "preact/hooks";

import { Section, StatusTag } from "../components/basics";
import { type Band, Chart, type ChartSeries } from "../components/chart";
import { Empty, Loaded } from "../components/states";
import { withQuery } from "../lib/api";
import { formatCount, formatSpan, formatUtc, formatValue, humanise, plural, unitSymbol } from "../lib/format";
import { useResource } from "../lib/resource";
import type { Action, Page, Series, SeriesAction, Twin } from "../lib/types";

const POINTS = 500;
const EVERY_MS = 5_000;
const ORDERS = 100;
const NONE: readonly Action[] = [];

/** Property and range stand in the URL, so that a view can be shared. */
export function TwinSeries({ twin }: { twin: Twin }): JSX.Element | null {
  const { path, query, route } = useLocation();
  const names = Object.keys(twin.properties);
  const asked = query["property"];
  const property = asked !== undefined && names.includes(asked) ? asked : names[0];
  const { from_ms, to_ms } = query;
  const isZoomed = from_ms !== undefined || to_ms !== undefined;
  const source = property === undefined ? null : withQuery(
    `/v1/twins/${encodeURIComponent(twin.id)}/series`, { property, from_ms, to_ms, points: POINTS },
  );
  const follow = isZoomed ? {} : { version: twin.updated_height, everyMs: EVERY_MS };
  const series = useResource<Series>(source, [], follow);
  const orders = useResource<Page<Action>>(withQuery("/v1/actions", { twin: twin.id, limit: ORDERS }), ["action"]);
  if (property === undefined) return null;
  const change = (changes: Readonly<Record<string, string | number | null>>): void =>
    route(withQuery(path, { ...query, ...changes }), true);
  return (
    <Section
      title="Chart"
      id="chart"
      aside={
        <span class="chart-tools">
          {isZoomed && <button type="button" onClick={() => change({ from_ms: null, to_ms: null })}>Whole time</button>}
          <label>
            <span class="hidden">Property</span>
            <select value={property} onChange={(event) => change({ property: event.currentTarget.value })}>
              {names.map((name) => <option key={name} value={name}>{humanise(name)}</option>)}
            </select>
          </label>
        </span>
      }
    >
      <Loaded of={series} lines={8}>
        {(data) => (
          <Drawn data={data} orders={orders.data?.items ?? NONE} onZoom={(from, to) => change({ from_ms: from, to_ms: to })} />
        )}
      </Loaded>
    </Section>
  );
}

function Drawn({ data, orders, onZoom }: {
  data: Series;
  orders: readonly Action[];
  onZoom: (fromMs: number, toMs: number) => void;
}): JSX.Element {
  const timesMs = useMemo(() => data.points.map(([ms]) => ms), [data]);
  const lines = useMemo(() => makeLines(data), [data]);
  const bands = useMemo(() => makeBands(data, orders), [data, orders]);
  const first = timesMs[0];
  const last = timesMs.at(-1);
  if (first === undefined || last === undefined) {
    return <Empty title="No reading in this span of time.">Choose another property or the whole time.</Empty>;
  }
  return (
    <>
      <Chart
        title={`${humanise(data.property)} over time`}
        summary={summarise(data, first, last, bands.length)}
        timesMs={timesMs}
        series={lines}
        bands={bands}
        formatTime={formatUtc}
        formatValue={(_, __, i) => formatValue(data.points[i]?.[1] ?? null, data.unit)}
        onZoom={onZoom}
      />
      <p class="muted small">
        Times are when the device measured, in UTC. Drag over the chart to look closer.
        {data.downsampled && " The node left out points that would not be seen."}
        {!data.complete && " Older readings are still being looked up."}
      </p>
      {data.actions.length > 0 && (
        <ul class="feed compact">
          {data.actions.map((action) => (
            <Marked key={action.id} action={action} fromMs={findStart(action, orders)} />
          ))}
        </ul>
      )}
    </>
  );
}

function Marked({ action, fromMs: from }: { action: SeriesAction; fromMs: number | null }): JSX.Element {
  const { cause_to_ms: to } = action;
  return (
    <li>
      <div class="feed-main">
        <a href={`/actions/${action.id}`}>{humanise(action.kind)}</a>
        {from !== null && to !== null && (
          <span class="muted small num">cause measured {formatUtc(from)} to {formatUtc(to)} ({formatSpan(to - from)})</span>
        )}
      </div>
      <StatusTag status={action.status} />
    </li>
  );
}

function makeLines(data: Series): readonly ChartSeries[] {
  const values = data.points.map(([, value]) => (value === null || value === "" ? null : Number(value)));
  return [{ label: humanise(data.property), unit: unitSymbol(data.unit), kind: "line", values }];
}

/**
 * Mark each order from where its cause began. Where the chain's clock and the devices' clock are of
 * the same days, the mark goes on to the last answer, or to when the order was opened.
 */
function makeBands(data: Series, orders: readonly Action[]): readonly Band[] {
  const first = data.points[0]?.[0] ?? 0;
  const last = data.points.at(-1)?.[0] ?? 0;
  return data.actions.flatMap((action) => {
    const fromMs = findStart(action, orders);
    const to = action.cause_to_ms;
    if (fromMs === null || to === null) return [];
    const order = orders.find((one) => one.id === action.id);
    const answered = order?.acknowledgements.at(-1)?.time_ms ?? action.opened_time_ms;
    const toMs = answered > to && answered <= last ? answered : to;
    if (toMs < first || fromMs > last) return [];
    return [{ fromMs, toMs, label: humanise(action.kind) }];
  });
}

/** When the cause began: a contract that follows a twin for long says so in the order's details. */
function findStart(action: SeriesAction, orders: readonly Action[]): number | null {
  const from = action.cause_from_ms;
  const since = orders.find((one) => one.id === action.id)?.details["since_ms"];
  return from !== null && typeof since === "number" && since < from ? since : from;
}

function summarise(data: Series, first: number, last: number, marked: number): string {
  const values = data.points.flatMap(([, value]) => (value === null || value === "" ? [] : [Number(value)]));
  const range = values.length === 0 ? "no values" :
    `from ${formatValue(String(values.reduce((a, b) => Math.min(a, b))), data.unit)} to ` +
    `${formatValue(String(values.reduce((a, b) => Math.max(a, b))), data.unit)}`;
  const orders = marked === 0 ? "" : ` ${plural(marked, "order")} marked.`;
  return (
    `${humanise(data.property)}, ${formatCount(data.points.length)} readings from ` +
    `${formatUtc(first).slice(0, 16)} to ${formatUtc(last).slice(0, 16)}: ${range}.${orders}`
  );
}
