/** Small parts that every page is made of. */

import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

import { formatExact, formatRelative, formatUtc, formatValue, shortId } from "../lib/format";
import { Icon } from "./icons";

const SKEW_MS = 60_000;

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);

interface WhenProps {
  readonly ms: number | null | undefined;
  /** "relative" for lists of what just happened, "utc" for measured times, "both" for details. */
  readonly style?: "relative" | "utc" | "both";
}

/** A time, relative or in UTC; the other form is in the tooltip. */
export function When({ ms, style = "relative" }: WhenProps): JSX.Element {
  if (ms === null || ms === undefined) return <span class="muted">–</span>;
  const utc = formatUtc(ms);
  const iso = new Date(ms).toISOString();
  if (style === "utc") return <time dateTime={iso} class="num">{utc}</time>;
  // Another machine's clock may be a little ahead of this one's: that is "just now", not the future.
  const isAhead = ms > now.value && ms < now.value + SKEW_MS;
  const relative = formatRelative(ms, isAhead ? ms : now.value);
  if (style === "relative") return <time dateTime={iso} title={utc}>{relative}</time>;
  return (
    <time dateTime={iso} class="both">
      <span class="num">{utc}</span> <span class="muted">({relative})</span>
    </time>
  );
}

/** A button that copies a text and says so. */
export function CopyButton({ text, what }: { text: string; what: string }): JSX.Element {
  const [isDone, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(text))) return;
    setDone(true);
    window.setTimeout(() => setDone(false), 1_500);
  };
  return (
    <button
      type="button"
      class="icon-button copy"
      aria-label={isDone ? `Copied ${what}` : `Copy ${what}`}
      title={isDone ? "Copied" : `Copy ${what}`}
      onClick={() => void copy()}
    >
      <Icon name={isDone ? "check" : "copy"} />
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Copy where the clipboard interface is missing: a page from plain http on another host. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}

interface IdProps {
  readonly value: string;
  readonly what: string;
  readonly href?: string;
  readonly full?: boolean;
  readonly copy?: boolean;
}

/** A hash or key: shortened, linked where it leads somewhere, with a button to copy it whole. */
export function Id({ value, what, href, full = false, copy = true }: IdProps): JSX.Element {
  const text = full ? value : shortId(value);
  const shown = <code class={full ? "id full" : "id"} title={full ? undefined : value}>{text}</code>;
  return (
    <span class="id-box">
      {href === undefined ? shown : <a href={href}>{shown}</a>}
      {copy && <CopyButton text={value} what={what} />}
    </span>
  );
}

/** A measured value, rounded for reading; the tooltip has it as it is on record. */
export function Measured({ value, unit }: { value: string | null; unit: string }): JSX.Element {
  return <span class="num" title={formatExact(value, unit)}>{formatValue(value, unit)}</span>;
}

/** A link to a twin by its name. */
export function TwinLink({ id, at }: { id: string; at?: string | undefined }): JSX.Element {
  const query = at === undefined ? "" : `?at=${encodeURIComponent(at)}`;
  return <a href={`/twins/${encodeURIComponent(id)}${query}`} class="name">{id}</a>;
}

type Tone = "plain" | "good" | "warn" | "bad" | "info";

/** A short word about a state, in a colour that repeats what the word says. */
export function Tag({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return <span class={`tag ${tone}`}>{children}</span>;
}

const STATUS_TONES: Readonly<Record<string, Tone>> = {
  open: "warn", action_open: "warn", acknowledged: "info", action_acknowledged: "info",
  completed: "good", declined: "bad", normal: "good", final: "good", ok: "good", received: "plain",
  ordered: "info", rejected: "bad", expired: "bad",
};
const STATUS_WORDS: Readonly<Record<string, string>> = {
  action_open: "order open", action_acknowledged: "order acknowledged",
};

/** The tag of a status word of the chain. */
export function StatusTag({ status }: { status: string }): JSX.Element {
  const tone = STATUS_TONES[status] ?? (status.startsWith("VT-") ? "bad" : "plain");
  return <Tag tone={tone}>{STATUS_WORDS[status] ?? status.replaceAll("_", " ")}</Tag>;
}

/** A section with a heading and, beside it, a remark or a link. */
export function Section({ title, aside, id, children }: {
  title: string;
  aside?: ComponentChildren;
  id?: string;
  children: ComponentChildren;
}): JSX.Element {
  const heading = id ?? `s-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
  return (
    <section class="card" aria-labelledby={heading}>
      <div class="card-head">
        <h2 id={heading}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** A list of names and values. */
export function Facts({ items }: {
  items: readonly (readonly [string, ComponentChildren] | null)[];
}): JSX.Element {
  return (
    <dl class="facts">
      {items.map((item) => item !== null && (
        <div key={item[0]}>
          <dt>{item[0]}</dt>
          <dd>{item[1]}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A command to copy. */
export function Command({ text }: { text: string }): JSX.Element {
  return (
    <span class="command">
      <code>{text}</code>
      <CopyButton text={text} what="command" />
    </span>
  );
}
