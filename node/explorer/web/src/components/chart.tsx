/** Charts on uPlot, with a text summary and the same numbers as a table. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { theme } from "../lib/theme";
import { Table } from "./table";

/** One line or row of bars. */
export interface ChartSeries {
  readonly label: string;
  readonly unit: string;
  readonly kind: "line" | "bars";
  readonly values: readonly (number | null)[];
  /** Scale on the right-hand side. */
  readonly isRight?: boolean;
  /** Values are few: each is shown as a point, and the line goes on over times without one. */
  readonly isSparse?: boolean;
}

/** A span of time that is marked behind the lines. */
export interface Band {
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
}

interface ChartProps {
  readonly title: string;
  readonly summary: string;
  readonly timesMs: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly bands?: readonly Band[];
  readonly height?: number;
  readonly formatTime: (ms: number) => string;
  readonly formatValue: (value: number | null, series: ChartSeries, index: number) => string;
  readonly onZoom?: (fromMs: number, toMs: number) => void;
}

const ROWS_MAX = 500;
const MINUTE_S = 60;
const DAY_S = 86_400;

/** A chart over time. The canvas is hidden from screen readers; summary and table are not. */
export function Chart(props: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [isTable, setTable] = useState(false);
  const shape = props.series.map((one) => one.label + one.unit).join("|");
  const shown = theme.value;

  useEffect(() => {
    const element = box.current;
    if (element === null || isTable) return;
    const made = new uPlot(makeOptions(element, latest), toData(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: latest.current.height ?? 240 }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, isTable, shown]);

  useEffect(() => {
    plot.current?.setData(toData(props));
  }, [props.timesMs, props.series, props.bands]);

  return (
    <figure class="chart">
      <figcaption>
        <span>{props.summary}</span>
        <button type="button" class="link" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? "Show as chart" : "Show as table"}
        </button>
      </figcaption>
      {isTable ? <ChartTable {...props} /> : (
        <>
          <Legend {...props} />
          <div class="plot" ref={box} aria-hidden="true" />
        </>
      )}
    </figure>
  );
}

function Legend({ series, bands }: ChartProps): JSX.Element {
  return (
    <ul class="legend" aria-hidden="true">
      {series.map((one, i) => (
        <li key={one.label}><span class={`swatch ${one.kind} c${i}`} />{one.label}</li>
      ))}
      {(bands?.length ?? 0) > 0 && <li><span class="swatch band" />{bands?.[0]?.label}</li>}
    </ul>
  );
}

function ChartTable(props: ChartProps): JSX.Element {
  const rows = props.timesMs.map((_, i) => i).reverse().slice(0, ROWS_MAX);
  return (
    <>
      {props.timesMs.length > ROWS_MAX && (
        <p class="muted small">The newest {ROWS_MAX} of {props.timesMs.length} points.</p>
      )}
      <Table
        caption={props.title}
        rows={rows}
        rowKey={(i) => i}
        columns={[
          {
            head: "Time", isName: true,
            cell: (i) => <span class="num">{props.formatTime(props.timesMs[i] ?? 0)}</span>,
          },
          ...props.series.map((one) => ({
            head: one.label,
            align: "end" as const,
            cell: (i: number) => props.formatValue(one.values[i] ?? null, one, i),
          })),
        ]}
      />
    </>
  );
}

function toData(props: ChartProps): uPlot.AlignedData {
  return [props.timesMs.map((ms) => ms / 1000), ...props.series.map((one) => [...one.values])];
}

function makeOptions(element: HTMLElement, latest: { current: ChartProps }): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: color("--text-2"), font: `11px ${style.fontFamily}`, ticks: { show: false } };
  const grid = { stroke: color("--line"), width: 1 };
  const { series, onZoom, height = 240 } = latest.current;
  const hasRight = series.some((one) => one.isRight);
  return {
    width: element.clientWidth,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { drag: { x: onZoom !== undefined, y: false, setScale: false }, points: { size: 6 } },
    series: [{}, ...series.map((one, i) => makeSeries(one, color(`--chart-${i}`)))],
    scales: {
      ...(series.some((one) => one.kind === "bars") ? { x: { range: besideBars } } : {}),
      y: { range: fromZero }, 
      ...(hasRight ? { right: { range: fromZero } } : {}),
    },
    axes: [
      { ...axis, grid, size: 40, values: labelTimes },
      { ...axis, grid, size: 56, label: axisLabel(series, false), labelSize: 18, labelFont: axis.font },
      ...(hasRight
        ? [{ ...axis, grid: { show: false }, side: 1 as const, scale: "right", size: 52,
            label: axisLabel(series, true), labelSize: 18, labelFont: axis.font }]
        : []),
    ],
    hooks: {
      drawAxes: [(plot) => drawBands(plot, latest.current.bands ?? [], color("--band"), color("--band-line"))],
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        if (width < 4 || onZoom === undefined) return;
        const at = (x: number): number => Math.round(plot.posToVal(x, "x") * 1000);
        latest.current.onZoom?.(at(left), at(left + width));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
      setCursor: [(plot) => showTip(plot, element, latest.current)],
    },
  };
}

function makeSeries(one: ChartSeries, stroke: string): uPlot.Series {
  const bars = uPlot.paths.bars;
  return {
    label: one.label,
    stroke,
    width: one.kind === "line" ? 1.5 : 0,
    scale: one.isRight === true ? "right" : "y",
    points: { show: one.isSparse === true, size: 5, fill: stroke },
    spanGaps: one.isSparse === true,
    ...(one.isRight === true ? { dash: [6, 3] } : {}),
    ...(one.kind === "bars" && bars !== undefined
      ? { fill: stroke, paths: bars({ size: [0.7, 18] }) }
      : {}),
  };
}

/** Leave room for half a bar at both ends. */
function besideBars(plot: uPlot, min: number, max: number): uPlot.Range.MinMax {
  const times = plot.data[0];
  const half = ((times?.[1] ?? 0) - (times?.[0] ?? 0)) / 2;
  return [min - half, max + half];
}

/** Keep zero in view, so that the height of a line means its size. */
function fromZero(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  const low = Math.min(0, min ?? 0);
  const high = Math.max(0, max ?? 0);
  const room = (high - low || 1) * 0.08;
  return [low < 0 ? low - room : 0, high + room];
}

/** Label the time axis in UTC: clock times, with the date below where a day begins. */
function labelTimes(_: uPlot, splits: number[], __: number, ___: number, increment: number): string[] {
  let day = "";
  return splits.map((seconds) => {
    const text = new Date(seconds * 1000).toISOString();
    const isNewDay = text.slice(0, 10) !== day;
    day = text.slice(0, 10);
    if (increment >= DAY_S) return day;
    const clock = text.slice(11, increment < MINUTE_S ? 19 : 16);
    return isNewDay ? `${clock}\n${day}` : clock;
  });
}

function axisLabel(series: readonly ChartSeries[], isRight: boolean): string {
  return series.find((one) => (one.isRight === true) === isRight)?.unit ?? "";
}

function drawBands(plot: uPlot, bands: readonly Band[], fill: string, line: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const band of bands) {
    const clamp = (ms: number): number =>
      Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(ms / 1000, "x", true)));
    const [left, right] = [clamp(band.fromMs), clamp(band.toMs)];
    ctx.fillStyle = fill;
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
    ctx.fillStyle = line;
    ctx.fillRect(left, bbox.top, 2, bbox.height);
    ctx.fillRect(Math.max(left, right - 2), bbox.top, 2, bbox.height);
  }
  ctx.restore();
}

function showTip(plot: uPlot, element: HTMLElement, props: ChartProps): void {
  let tip = element.querySelector<HTMLElement>(".tip");
  if (tip === null) {
    tip = document.createElement("div");
    tip.className = "tip";
    plot.over.append(tip);
  }
  const { idx, left = -1 } = plot.cursor;
  const ms = idx === null || idx === undefined ? undefined : props.timesMs[idx];
  tip.hidden = ms === undefined || left < 0;
  if (ms === undefined || idx === null || idx === undefined) return;
  const lines = props.series.map(
    (one) => `${one.label}: ${props.formatValue(one.values[idx] ?? null, one, idx)}`,
  );
  tip.textContent = [props.formatTime(ms), ...lines].join("\n");
  const room = plot.over.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(0, Math.min(left + 12, room))}px`;
}
