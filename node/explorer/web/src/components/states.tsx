/** What stands in the place of an answer that is not there: loading, empty, failed, stale. */

import type { ComponentChildren, JSX } from "preact";

import type { Problem } from "../lib/api";
import type { Resource } from "../lib/resource";
import { Command } from "./basics";
import { Icon } from "./icons";

/** Grey lines of about the final size; shown after 150 ms by the style sheet. */
export function Skeleton({ lines = 4 }: { lines?: number }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="hidden">Loading</span>
      {Array.from({ length: lines }, (_, i) => <span key={i} class="bar" />)}
    </div>
  );
}

/** Nothing to list: why, and what to do next. */
export function Empty({ title, children, command }: {
  title: string;
  children?: ComponentChildren;
  command?: string;
}): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && <p><Command text={command} /></p>}
    </div>
  );
}

/** A request that failed, in the words of the node's problem document. */
export function ProblemBox({ problem, reload }: { problem: Problem; reload?: () => void }): JSX.Element {
  return (
    <div class="problem" role="alert">
      <p class="problem-title">
        <Icon name="cross" /> {problem.title}
        {problem.code !== null && <code class="code">{problem.code}</code>}
      </p>
      <p>{problem.detail}</p>
      {problem.fix !== null && <p>{problem.fix}</p>}
      {problem.command !== null && <p><Command text={problem.command} /></p>}
      {problem.request !== null && <p class="muted small">Request <code>{problem.request}</code></p>}
      {reload !== undefined && <button type="button" onClick={reload}>Try again</button>}
    </div>
  );
}

/** Show an answer, or what stands in its place. Old data stays visible when a refresh fails. */
export function Loaded<T>({ of, lines = 4, title, children }: {
  of: Resource<T>;
  lines?: number;
  /** Heading of the page while there is no answer to make one from. */
  title?: string;
  children: (data: T) => ComponentChildren;
}): JSX.Element {
  if (of.data !== null) {
    return (
      <>
        {of.problem !== null && (
          <p class="stale" role="status">
            <Icon name="clock" /> This may be out of date: {of.problem.title.toLowerCase()}.{" "}
            <button type="button" class="link" onClick={of.reload}>Try again</button>
          </p>
        )}
        {children(of.data)}
      </>
    );
  }
  return (
    <>
      {title !== undefined && <h1>{title}</h1>}
      {of.problem === null ? <Skeleton lines={lines} /> : <ProblemBox problem={of.problem} reload={of.reload} />}
    </>
  );
}
