/** The search box: a twin, a block height, a transaction or an action. `/` puts the cursor in it. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";

import { type Hit, findExact, suggest } from "../lib/search";
import { Icon } from "./icons";

const WAIT_MS = 180;

/** A combobox as the ARIA practices describe it; Enter without a choice looks for the exact match. */
export function SearchBox(): JSX.Element {
  const { route } = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [hits, setHits] = useState<readonly Hit[]>([]);
  const [chosen, setChosen] = useState(-1);
  const [message, setMessage] = useState("");

  useEffect(() => focusOnSlash(() => input.current), []);
  useEffect(() => {
    const abort = new AbortController();
    const timer = window.setTimeout(() => {
      suggest(text, abort.signal).then(setHits, () => setHits([]));
    }, WAIT_MS);
    setChosen(-1);
    setMessage("");
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
  }, [text]);

  const go = (hit: Hit): void => {
    setText("");
    setHits([]);
    input.current?.blur();
    route(hit.href);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const pick = hits[chosen];
    if (pick !== undefined) return go(pick);
    if (text.trim() === "") return;
    try {
      const hit = await findExact(text);
      if (hit !== null) return go(hit);
      const only = hits[0];
      if (hits.length === 1 && only !== undefined) return go(only);
      setMessage("Nothing on this chain has that name, height or id.");
    } catch {
      setMessage("The node does not answer.");
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      setHits([]);
      setText("");
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setChosen((old) => Math.min(hits.length - 1, Math.max(-1, old + step)));
    }
  };
  const isOpen = hits.length > 0 && text !== "";
  return (
    <form class="search" role="search" onSubmit={(event) => void submit(event)}>
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        role="combobox"
        list={undefined}
        aria-label="Search for a twin, block height, transaction or action"
        aria-expanded={isOpen}
        aria-controls="search-hits"
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `search-hit-${chosen}` : undefined}
        placeholder="Twin, block height, transaction or action id"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={() => window.setTimeout(() => setHits([]), 150)}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="search-hits" role="listbox" aria-label="Matches" hidden={!isOpen}>
        {hits.map((hit, i) => (
          <li
            key={hit.href}
            id={`search-hit-${i}`}
            role="option"
            aria-selected={i === chosen}
            onMouseDown={(event) => {
              event.preventDefault();
              go(hit);
            }}
          >
            <span class="muted">{hit.kind}</span> {hit.label}
          </li>
        ))}
      </ul>
      {message !== "" && <p class="search-message" role="status">{message}</p>}
    </form>
  );
}

function focusOnSlash(find: () => HTMLInputElement | null): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const isTyping = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    find()?.focus();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
