/** A hook that loads one answer and keeps it fresh. */

import { useEffect, useRef, useState } from "preact/hooks";

import { Problem, getJson } from "./api";
import { type Topic, versions } from "./live";

const REFRESH_MS_MIN = 1_500;

/** One answer of the node, in the state it is in. `data` stays when a later load fails. */
export interface Resource<T> {
  readonly data: T | null;
  readonly problem: Problem | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

interface Loaded<T> {
  readonly path: string | null;
  readonly data: T | null;
  readonly problem: Problem | null;
}

interface Options {
  /** Load again when this changes, such as the height at which something last changed. */
  readonly version?: number;
  /** Least time between two loads of one path. */
  readonly everyMs?: number;
}

/**
 * Load `path` as JSON, and again when an event of one of `topics` came in or the version changed.
 *
 * A null path loads nothing. Several reasons within `everyMs` (1.5 s) are answered by one load.
 */
export function useResource<T>(
  path: string | null,
  topics: readonly Topic[] = [],
  { version = 0, everyMs = REFRESH_MS_MIN }: Options = {},
): Resource<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ path: null, data: null, problem: null });
  const [turn, setTurn] = useState(0);
  const lastMs = useRef(0);
  const seen = useRef(version);

  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    lastMs.current = Date.now();
    getJson<T>(path, abort.signal).then(
      (data) => setLoaded({ path, data, problem: null }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = error instanceof Problem ? error : unexpected(error);
        setLoaded((old) => ({ path, data: old.path === path ? old.data : null, problem }));
      },
    );
    return () => abort.abort();
  }, [path, turn]);

  const pending = useRef(0);
  const loadSoon = (): void => {
    if (pending.current !== 0) return;
    pending.current = window.setTimeout(() => {
      pending.current = 0;
      if (!document.hidden) setTurn((old) => old + 1);
    }, Math.max(0, lastMs.current + everyMs - Date.now()));
  };
  useEffect(() => () => window.clearTimeout(pending.current), []);

  useEffect(() => {
    if (seen.current !== version) loadSoon();
    seen.current = version;
  }, [version]);

  useEffect(() => {
    const unsubscribe = topics.map((topic) => {
      let isFirst = true;
      return versions[topic].subscribe(() => {
        if (!isFirst) loadSoon();
        isFirst = false;
      });
    });
    return () => {
      for (const stop of unsubscribe) stop();
    };
  }, [topics.join()]);

  const isCurrent = loaded.path === path;
  return {
    data: isCurrent ? loaded.data : null,
    problem: isCurrent ? loaded.problem : null,
    isLoading: path !== null && !isCurrent,
    reload: () => setTurn((old) => old + 1),
  };
}

function unexpected(error: unknown): Problem {
  return new Problem("This page failed", String(error), -1, null, null, null);
}
