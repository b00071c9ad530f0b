/** The answers of the node's HTTP API, as docs and /v1/openapi.json describe them. */

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface Peer {
  readonly node: string;
  readonly organisation: string;
  readonly connected: boolean;
  readonly height: number | null;
  readonly last_seen_ms: number | null;
  readonly address: string;
}

export interface Status {
  readonly chain_id: string;
  readonly genesis: string;
  readonly engine: string;
  readonly organisation: string;
  readonly node: string;
  readonly version: string;
  readonly height: number;
  readonly state_root: string;
  readonly block_hash: string;
  readonly block_time_ms: number;
  readonly last_commit_ms: number | null;
  readonly commit_latency_ms: number | null;
  readonly peers: readonly Peer[];
  readonly validators: number;
  readonly quorum: number;
  readonly transactions_total: number;
  readonly twins_total: number;
  readonly updates_per_second: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface BlockItem {
  readonly height: number;
  readonly hash: string;
  readonly time_ms: number;
  readonly proposer: number | string;
  readonly transactions: number;
  readonly size_bytes: number;
  readonly round: number;
  readonly signers: readonly string[];
}

export interface BlockTransaction {
  readonly id: string;
  readonly operation: string;
  readonly organisation: string | null;
  readonly sender: string;
  readonly twins: readonly string[];
  readonly code: string;
}

export interface Block {
  readonly hash: string;
  readonly header: Readonly<Record<string, string | number>> & { readonly height: number; readonly time_ms: number };
  readonly certificate: {
    readonly height: number;
    readonly round: number;
    readonly block: string;
    readonly signatures: readonly {
      readonly validator: number;
      readonly node: string;
      readonly time_ms: number;
      readonly signature: string;
    }[];
  } | null;
  readonly transactions: readonly BlockTransaction[];
  readonly size_bytes: number;
  readonly proposer_node: string;
}

export interface TwinItem {
  readonly id: string;
  readonly kind: string;
  readonly model: string;
  readonly owner: string;
  readonly parent: string | null;
  readonly description: string;
  readonly status: string;
  readonly open_actions: number;
  readonly updated_height: number;
  readonly updated_time_ms: number;
  readonly updates: number;
}

/** A property with its newest reading; all but unit and semantic are null before the first one. */
export interface TwinProperty {
  readonly value: string | null;
  readonly time: string | null;
  readonly time_ms: number | null;
  readonly unit: string;
  readonly quality: number | null;
  readonly transaction: string | null;
  readonly semantic: string;
}

export interface Twin {
  readonly id: string;
  readonly model: string;
  readonly kind: string;
  readonly owner: string;
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly description: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, TwinProperty>>;
  readonly open_actions: readonly string[];
  readonly status: string;
  readonly updates: number;
  readonly registered_height: number;
  readonly updated_height: number;
  readonly height: number;
  readonly state_root: string;
}

export interface TwinProof {
  readonly height: number;
  readonly key: string;
  readonly value: string | null;
  readonly proof: {
    readonly siblings: readonly string[];
    readonly other: { readonly path: string; readonly value_hash: string } | null;
  };
  readonly header: string;
  readonly certificate: string;
  readonly validator_changes: readonly string[];
}

export interface HistoryItem {
  readonly height: number;
  readonly position: number;
  readonly transaction: string;
  readonly time_ms: number;
  readonly operation: string;
  readonly organisation: string | null;
  readonly summary: string;
  readonly code: string;
}

export interface SeriesAction {
  readonly id: string;
  readonly kind: string;
  readonly opened_time_ms: number;
  readonly cause_from_ms: number | null;
  readonly cause_to_ms: number | null;
  readonly status: string;
}

export interface Series {
  readonly property: string;
  readonly unit: string;
  readonly points: readonly (readonly [number, string | null, string])[];
  readonly actions: readonly SeriesAction[];
  readonly from_ms: number | null;
  readonly to_ms: number | null;
  readonly downsampled: boolean;
  /** False while the node has not looked at older readings yet. */
  readonly complete: boolean;
}

export interface Acknowledgement {
  readonly outcome: string;
  readonly organisation: string;
  readonly height: number;
  readonly time_ms: number;
  readonly transaction: string;
  readonly note: string;
}

export interface Action {
  readonly id: string;
  readonly kind: string;
  readonly twin: string;
  readonly contract: string;
  readonly status: string;
  readonly title: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly addressee: string;
  readonly opened_height: number;
  readonly opened_time_ms: number;
  readonly deadline_ms: number | null;
  readonly cause: {
    readonly transaction: string;
    readonly twin: string;
    readonly from_ms: number | null;
    readonly to_ms: number | null;
    readonly readings: number;
  } | null;
  readonly acknowledgements: readonly Acknowledgement[];
}

export interface Attestation {
  readonly id: string;
  readonly twin: string;
  readonly issuer: string;
  readonly key: string;
  readonly predicate_type: string;
  readonly subjects: readonly { readonly name: string; readonly sha256: string }[];
  readonly predicate: unknown;
  readonly transaction: string;
  readonly height: number;
  readonly time_ms: number;
}

export interface TransactionEvent {
  readonly source: string;
  readonly name: string;
  readonly subject: string;
  readonly payload: unknown;
}

/** A transaction; while it is not in a block, most of it is null. */
export interface Transaction {
  readonly id: string;
  readonly state: string;
  readonly height: number | null;
  readonly position: number | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly sender: string | null;
  readonly organisation: string | null;
  readonly operation: string | null;
  readonly twins: readonly string[];
  readonly expiry_height: number | null;
  readonly size_bytes: number | null;
  readonly time_ms: number | null;
  readonly gas_used: number | null;
  readonly result: unknown;
  readonly events: readonly TransactionEvent[];
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly signature: string | null;
}

export interface BlockEvent {
  readonly height: number;
  readonly hash: string;
  readonly time_ms: number;
  readonly transactions: number;
  readonly commit_ms: number | null;
}
