/** Check a receipt file, with a genesis of one's choice; shared by /verify and verify.html. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { type Genesis, type ReceiptVerdict, readGenesis, toHex, verifyReceipt } from "../verify";
import { hashFile } from "../lib/file";
import { formatUtc } from "../lib/format";
import { Facts, Id, Section } from "./basics";
import { Steps, TrustBadge, trustOf } from "./trust";

/** A genesis and where it comes from. */
export interface Anchor {
  readonly genesis: Genesis;
  readonly source: string;
}

/** Drop zones for genesis, receipt and the attested file, and the verdict. */
export function VerifyTool({ pinned, isLinked }: {
  /** The genesis to start from; null where it has to be chosen. */
  pinned: Anchor | null;
  /** Whether ids lead to pages of an explorer. */
  isLinked: boolean;
}): JSX.Element {
  const [chosen, setChosen] = useState<Anchor | null>(null);
  const [anchorError, setAnchorError] = useState("");
  const [receipt, setReceipt] = useState<{ name: string; text: string } | null>(null);
  const [verdict, setVerdict] = useState<ReceiptVerdict | null>(null);
  const anchor = chosen ?? pinned;

  useEffect(() => {
    setVerdict(null);
    if (receipt === null || anchor === null) return;
    let isCurrent = true;
    void verifyReceipt(receipt.text, anchor.genesis).then((made) => {
      if (isCurrent) setVerdict(made);
    });
    return () => {
      isCurrent = false;
    };
  }, [receipt, anchor?.genesis]);

  const takeGenesis = async (file: File): Promise<void> => {
    try {
      setChosen({ genesis: readGenesis(await file.text()), source: `the file ${file.name}` });
      setAnchorError("");
    } catch (error) {
      setAnchorError(`${file.name} is no genesis file: ${(error as Error).message}.`);
    }
  };
  return (
    <>
      <Section title="1. The chain you trust" id="genesis">
        {anchor === null ? (
          <p>Choose the <code>genesis.json</code> of the chain. You got it when you joined, or from a member you trust.</p>
        ) : <AnchorFacts anchor={anchor} />}
        <FileDrop label={anchor === null ? "Choose genesis.json" : "Use another genesis.json"} accept=".json" onFile={(file) => void takeGenesis(file)} />
        {anchorError !== "" && <p class="error-text" role="alert">{anchorError}</p>}
      </Section>
      <Section title="2. The receipt">
        <p class="muted">A file like <code>report.pdf.receipt.json</code>. It stays on this device.</p>
        <FileDrop
          label={receipt === null ? "Choose or drop a receipt" : `Checked: ${receipt.name}. Choose another`}
          accept=".json"
          onFile={(file) => void file.text().then((text) => setReceipt({ name: file.name, text }))}
        />
      </Section>
      {receipt !== null && anchor !== null && (
        <Section title="3. The result" aside={<TrustBadge state={trustOf(verdict)} />}>
          <div role="status">
            {verdict !== null && <p class={`proof proof-summary ${trustOf(verdict)}`}>{verdict.summary}</p>}
          </div>
          {verdict?.proven && <Proven proven={verdict.proven} isLinked={isLinked} />}
          {verdict?.proven?.attestedFile && <AttestedFileCheck file={verdict.proven.attestedFile} />}
          {verdict !== null && <Steps verdict={verdict} />}
        </Section>
      )}
    </>
  );
}

function AnchorFacts({ anchor }: { anchor: Anchor }): JSX.Element {
  const { genesis } = anchor;
  return (
    <Facts items={[
      ["Chain", genesis.chainId],
      ["Genesis hash", <Id value={toHex(genesis.hash)} what="genesis hash" full />],
      ["Members", genesis.organisations.map((one) => one.name).join("; ")],
      ["From", anchor.source],
    ]} />
  );
}

function Proven({ proven, isLinked }: {
  proven: NonNullable<ReceiptVerdict["proven"]>;
  isLinked: boolean;
}): JSX.Element {
  const href = isLinked ? { href: `/tx/${proven.transaction}` } : {};
  return (
    <Facts items={[
      ["What", proven.about],
      ["Result", proven.code],
      ["Block", `${proven.height}, ${formatUtc(proven.timeMs)}`],
      ["Transaction", <Id value={proven.transaction} what="transaction id" {...href} />],
      ["Signed by key", <Id value={proven.sender} what="sender key" />],
    ]} />
  );
}

function AttestedFileCheck({ file }: {
  file: NonNullable<NonNullable<ReceiptVerdict["proven"]>["attestedFile"]>;
}): JSX.Element {
  const [state, setState] = useState<"" | "same" | "other">("");
  const check = async (given: File): Promise<void> => {
    const isSame = (file.size === null || given.size === file.size) && (await hashFile(given)) === file.sha256;
    setState(isSame ? "same" : "other");
  };
  return (
    <>
      <FileDrop label={`Choose ${file.name} to compare it`} onFile={(given) => void check(given)} />
      <p role="status">
        {state === "same" && <><TrustBadge state="verified" /> This is the file that was attested.</>}
        {state === "other" && <><TrustBadge state="failed" /> This is not the file that was attested.</>}
      </p>
    </>
  );
}

/** A file field that one can also drop a file on. */
export function FileDrop({ label, accept, onFile }: {
  label: string;
  accept?: string;
  onFile: (file: File) => void;
}): JSX.Element {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file !== undefined) onFile(file);
  };
  return (
    <label
      class={isOver ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <span>{label}</span>
      <input
        type="file"
        {...(accept === undefined ? {} : { accept })}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}
