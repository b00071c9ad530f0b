/** What surrounds every page: head, navigation, banners, foot. */

import type { ComponentChildren, JSX } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";

import { formatCount } from "../lib/format";
import { connection, headHeight, status, statusAtMs } from "../lib/live";
import { theme, toggleTheme } from "../lib/theme";
import { pinGenesis, trust } from "../lib/trust";
import { Id, When } from "./basics";
import { Icon } from "./icons";
import { SearchBox } from "./search-box";

const LINKS = [
  ["/", "Overview"],
  ["/twins", "Twins"],
  ["/blocks", "Blocks"],
  ["/contracts", "Contracts"],
  ["/actions", "Actions"],
  ["/attestations", "Attestations"],
  ["/members", "Members"],
  ["/verify", "Verify"],
] as const;

const SECTIONS: Readonly<Record<string, string>> = {
  tx: "/blocks", proposals: "/members", evidence: "/members",
};

const CONNECTIONS = {
  connecting: ["Connecting", "plain"],
  live: ["Live", "good"],
  waiting: ["Reconnecting", "warn"],
  offline: ["Node does not answer", "bad"],
} as const;

const ANNOUNCE_MS = 30_000;

/** The frame of the explorer. */
export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">Skip to content</a>
      <Head />
      <GenesisAlarm />
      <StaleBanner />
      <main id="main" tabIndex={-1}>{children}</main>
      <Foot />
    </>
  );
}

function Head(): JSX.Element {
  const { path } = useLocation();
  const first = path.split("/")[1] ?? "";
  const current = SECTIONS[first] ?? `/${first}`;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (link) list.current?.scrollTo({ left: link.offsetLeft - list.current.clientWidth / 3 });
  }, [current]);
  return (
    <header class="top">
      <div class="top-row">
        <a href="/" class="brand">
          <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2 3h7v7H2zM11 10h7v7h-7z" /><path class="link-line" d="M5.5 10v3.500H11M14.500 10V6.500H9" /></svg>
          Veritwin
          <span class="chain">{status.value?.chain_id ?? ""}</span>
        </a>
        <SearchBox />
        <div class="top-end">
          <Ticker />
          <ThemeButton />
        </div>
      </div>
      <nav aria-label="Pages">
        <ul ref={list}>
          {LINKS.map(([href, label]) => (
            <li key={href}>
              <a href={href} aria-current={current === href ? "page" : undefined}>{label}</a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

function Ticker(): JSX.Element {
  const [words, tone] = CONNECTIONS[connection.value];
  const height = headHeight.value;
  const announced = useAnnounced(height);
  return (
    <div class="ticker">
      <span class={`dot ${tone}`} aria-hidden="true" />
      <span class="ticker-state">{words}</span>
      {height > 0 && (
        <a href={`/blocks/${height}`} class="ticker-height">
          Block <span class="num">{formatCount(height)}</span>
        </a>
      )}
      <span class="hidden" aria-live="polite">{announced > 0 ? `Height ${announced}` : ""}</span>
    </div>
  );
}

/** The height as it is read out: at most every half minute, so that it does not talk all the time. */
function useAnnounced(height: number): number {
  const [announced, setAnnounced] = useState(0);
  const lastMs = useRef(0);
  useEffect(() => {
    if (height === 0 || Date.now() - lastMs.current < ANNOUNCE_MS) return;
    lastMs.current = Date.now();
    setAnnounced(height);
  }, [height]);
  return announced;
}

function ThemeButton(): JSX.Element {
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <button type="button" class="icon-button" aria-label={`Use the ${other} theme`} title={`Use the ${other} theme`} onClick={toggleTheme}>
      <Icon name={theme.value === "dark" ? "sun" : "moon"} />
    </button>
  );
}

function GenesisAlarm(): JSX.Element | null {
  const now = trust.value;
  if (now.state !== "mismatch") return null;
  return (
    <div class="alarm" role="alert">
      <div>
        <p><strong>This node presents another chain than the one you trust.</strong></p>
        <p>
          You trust the genesis <code class="break">{now.pin.hash}</code>, the node presents{" "}
          <code class="break">{now.presented}</code>. Nothing that it shows is verified. Either
          the address leads to another network, or somebody pretends to be it. Compare the genesis
          hash with another member before you go on.
        </p>
        <p>
          <button type="button" onClick={() => void pinGenesis(now.presented)}>
            Trust the new genesis instead
          </button>
        </p>
      </div>
    </div>
  );
}

function StaleBanner(): JSX.Element | null {
  const state = connection.value;
  const isStalled = status.value !== null && !status.value.ready;
  if (state === "offline") {
    return (
      <p class="banner warn" role="status">
        The node does not answer.{" "}
        {statusAtMs.value > 0 && <>What you see is as of <When ms={statusAtMs.value} />. </>}
        The page tries again by itself.
      </p>
    );
  }
  if (isStalled) {
    return (
      <p class="banner warn" role="status">
        No blocks are being decided. {status.value?.reasons.join(" ")}
      </p>
    );
  }
  return null;
}

function Foot(): JSX.Element {
  const now = trust.value;
  return (
    <footer>
      <p>
        {now.state === "trusted" && (
          <>
            Trusted since {now.pin.how === "first visit" ? "your first visit" : "you entered it"}{" "}
            <When ms={now.pin.pinnedMs} />: genesis <Id value={now.pin.hash} what="genesis hash" />{" "}
            <a href="/verify#genesis">Change</a>
          </>
        )}
        {now.state === "unknown" && <>The node's genesis could not be read: {now.reason}</>}
      </p>
      <p>
        {status.value !== null && (
          <>Served by {status.value.node} of {status.value.organisation}, version {status.value.version}. </>
        )}
        <a href="/v1/openapi.json">API</a>{" · "}
        <a href="/licences.txt">Licences</a>
      </p>
    </footer>
  );
}
