/**
 * The answers of the node's HTTP API.
 *
 * Made from node/api/views by `python -m node.explorer.make_types`; do not edit.
 */

/**
 * A validator that was seen signing two different messages at one place.
 */
export interface AccusationView {
  readonly node: string;
  readonly kind: string;
  readonly height: number;
  readonly round: number;
  readonly seen_ms: number;
}

/**
 * An answer to an action.
 */
export interface AcknowledgementView {
  readonly outcome: "acknowledged" | "completed" | "declined" | "open";
  readonly organisation: string;
  readonly height: number;
  readonly time_ms: number;
  readonly transaction: string;
  readonly note: string;
}

/**
 * Actions, newest first.
 */
export interface ActionList {
  readonly items: readonly ActionView[];
  readonly next: string | null;
}

/**
 * Something that a contract asks an organisation to do.
 *
 * `handler` of the source `source_hash` opened it, because of `cause`. It was not finished at its
 * deadline if `overdue_height` is a height; then `escalate_to` may answer it, too.
 */
export interface ActionView {
  readonly id: string;
  readonly kind: string;
  readonly twin: string;
  readonly contract: string;
  readonly status: "acknowledged" | "completed" | "declined" | "open";
  readonly title: string;
  readonly details: unknown;
  readonly addressee: string;
  readonly opened_height: number;
  readonly opened_time_ms: number;
  readonly deadline_ms: number | null;
  readonly escalate_to: string | null;
  readonly overdue_height: number | null;
  readonly handler: string;
  readonly source_hash: string | null;
  readonly cause: CauseView;
  readonly acknowledgements: readonly AcknowledgementView[];
}

/**
 * One organisation's approval.
 */
export interface ApprovalView {
  readonly organisation: string;
  readonly key: string;
  readonly transaction: string;
  readonly height: number;
  readonly time_ms: number;
}

/**
 * A validator as this node sees it.
 *
 * `since_ms` is when the connection came to be, or was lost; for one that never was, when this
 * node started. `heard_ms` is when the validator last sent anything, `height` what it then said.
 * `has_prevoted` and `has_precommitted` speak of the present round. `clock_offset_ms` is by how
 * much the times in its votes are ahead of the others' (negative: behind; null: too few votes).
 * `mute` is why it says that it cannot vote: `unsure` (its last-signed file is lost), `no-key`
 * (its vote key is not in its home), empty when it can.
 */
export interface AttendeeView {
  readonly node: string;
  readonly organisation: string;
  readonly weight: number;
  readonly is_self: boolean;
  readonly is_configured: boolean;
  readonly connected: boolean;
  readonly since_ms: number;
  readonly heard_ms: number | null;
  readonly height: number | null;
  readonly mute: string;
  readonly has_prevoted: boolean;
  readonly has_precommitted: boolean;
  readonly last_vote: VoteView | null;
  readonly clock_offset_ms: number | null;
  readonly rtt_ms: number | null;
  readonly certificate_expires_ms: number | null;
  readonly last_error: string | null;
}

/**
 * Attestations, newest first.
 */
export interface AttestationList {
  readonly items: readonly AttestationView[];
  readonly next: string | null;
}

/**
 * A signed statement about a twin.
 */
export interface AttestationView {
  readonly id: string;
  readonly twin: string;
  readonly issuer: string;
  readonly key: string;
  readonly predicate_type: string;
  readonly subjects: readonly SubjectView[];
  readonly predicate: Readonly<Record<string, unknown>>;
  readonly transaction: string;
  readonly height: number;
  readonly time_ms: number;
}

/**
 * A block was committed; `commit_ms` is when this node did, null for older blocks.
 */
export interface BlockEvent {
  readonly height: number;
  readonly hash: string;
  readonly time_ms: number;
  readonly transactions: number;
  readonly commit_ms: number | null;
}

/**
 * Blocks, newest first.
 */
export interface BlockList {
  readonly items: readonly BlockSummary[];
  readonly next: string | null;
}

/**
 * A block in a list.
 */
export interface BlockSummary {
  readonly height: number;
  readonly hash: string;
  readonly time_ms: number;
  readonly proposer: string;
  readonly transactions: number;
  readonly size_bytes: number;
  readonly round: number;
  readonly signers: readonly string[];
}

/**
 * A transaction in a block; `code` is "ok" or why it changed nothing.
 */
export interface BlockTransaction {
  readonly id: string;
  readonly operation: string;
  readonly organisation: string | null;
  readonly sender: string;
  readonly twins: readonly string[];
  readonly code: string;
}

/**
 * A block; `header` has all its fields by name.
 */
export interface BlockView {
  readonly hash: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly certificate: CertificateView;
  readonly transactions: readonly BlockTransaction[];
  readonly size_bytes: number;
  readonly proposer_node: string;
}

/**
 * A part of a twin, or of a part of it, with its unfinished actions.
 */
export interface BusyPart {
  readonly id: string;
  readonly kind: "component" | "environment" | "process" | "system";
  readonly status: "action_acknowledged" | "action_open" | "normal";
  readonly actions: readonly string[];
}

/**
 * A node that fetches blocks: where it began, and the height that enough peers say they have.
 *
 * `first_height` is where it was at `since_ms`. `snapshot` comes before the blocks, to a node that
 * is far behind.
 */
export interface CatchUpView {
  readonly target: number;
  readonly first_height: number;
  readonly since_ms: number;
  readonly snapshot: SnapshotView | null;
}

/**
 * Why an action was opened: what in a transaction made the contract run.
 *
 * `kind` is readings, call, attestation, action or timer; `about` names that attestation, action
 * or timer. `readings` counts those that were handed to the contract.
 */
export interface CauseView {
  readonly kind: string;
  readonly about: string;
  readonly transaction: string;
  readonly twin: string;
  readonly from_ms: number | null;
  readonly to_ms: number | null;
  readonly readings: number;
}

/**
 * When a TLS certificate ends: this node's own, or that of a member's CA.
 */
export interface CertificateExpiryView {
  readonly name: string;
  readonly expires_ms: number;
}

/**
 * The proof that a block was decided.
 */
export interface CertificateView {
  readonly height: number;
  readonly round: number;
  readonly block: string;
  readonly signatures: readonly SignatureView[];
}

/**
 * All sets of validators that ever were, and those that are planned, the newest first.
 */
export interface CommitteeList {
  readonly items: readonly CommitteeView[];
  readonly next: string | null;
}

/**
 * Who decides from `height` on, and what made it so.
 *
 * `node` is the one that changed, null when it was the engine; `decided_height` and `transaction`
 * are those of the change, null for genesis.
 */
export interface CommitteeView {
  readonly height: number;
  readonly engine: string;
  readonly quorum: number;
  readonly total_weight: number;
  readonly members: readonly MemberView[];
  readonly cause: "add_validator" | "genesis" | "remove_validator" | "rotate_vote_key" | "set_engine" | "set_weight" | "suspend";
  readonly node: string | null;
  readonly organisation: string | null;
  readonly decided_height: number;
  readonly transaction: string | null;
}

/**
 * How far consensus is at this node, and who takes part.
 *
 * `height` is being decided, since `committed_ms` (null: none was committed since the start);
 * blocks above `base` are kept; `first_height` is where the node was at its start.
 * `round_since_ms` is when the present round began. Under Raft the round is the term, `proposer`
 * the leader (empty while none is known), nobody prevotes, and a follower precommits what it
 * acknowledges. Weights count towards `quorum`. A chain is overdue when no block came for
 * `interval_ms_max`.
 */
export interface ConsensusView {
  readonly node: string;
  readonly organisation: string;
  readonly engine: string;
  readonly now_ms: number;
  readonly started_ms: number;
  readonly first_height: number;
  readonly base: number;
  readonly height: number;
  readonly committed_ms: number | null;
  readonly interval_ms_max: number;
  readonly round: number;
  readonly round_since_ms: number;
  readonly step: string;
  readonly proposer: string;
  readonly has_proposal: boolean;
  readonly quorum: number;
  readonly honest: number;
  readonly validators: readonly AttendeeView[];
  readonly accusations: readonly AccusationView[];
  readonly refusals: readonly RefusalView[];
  readonly catch_up: CatchUpView | null;
}

/**
 * All versions of a contract, the newest first, and whose approval another one needs.
 *
 * While it is `paused`, nothing calls or wakes the version that is active; else that is null.
 */
export interface ContractLife {
  readonly name: string;
  readonly policy: string;
  readonly paused: PauseView | null;
  readonly versions: readonly VersionView[];
}

/**
 * All contracts in order of their names.
 */
export interface ContractList {
  readonly items: readonly ContractView[];
}

/**
 * A deployed contract.
 *
 * `source`, `parameters` and `settings`, which are the parameters as `--set` takes them, only
 * where one contract is asked for.
 */
export interface ContractView {
  readonly name: string;
  readonly owner: string;
  readonly summary: string;
  readonly source_hash: string;
  readonly deployed_height: number;
  readonly transaction: string;
  readonly active: boolean;
  readonly version: number;
  readonly triggers: readonly TriggerView[];
  readonly methods: readonly MethodView[];
  readonly source: string | null;
  readonly parameters: unknown;
  readonly settings: readonly string[] | null;
}

/**
 * The whole error catalogue.
 */
export interface ErrorList {
  readonly items: readonly ErrorView[];
}

/**
 * An entry of the error catalogue.
 */
export interface ErrorView {
  readonly code: string;
  readonly name: string;
  readonly title: string;
  readonly why: string;
  readonly fix: string;
}

/**
 * Something that a transaction brought about.
 */
export interface EventView {
  readonly source: string;
  readonly name: string;
  readonly subject: string;
  readonly payload: unknown;
}

/**
 * Proven offences, the newest first.
 */
export interface EvidenceList {
  readonly items: readonly EvidenceView[];
  readonly next: string | null;
}

/**
 * A proven offence: what was signed twice, by whom, and what followed.
 *
 * `offence_height` and `round` are where it was; `height` and `time_ms` are when it was recorded.
 */
export interface EvidenceView {
  readonly id: string;
  readonly node: string;
  readonly organisation: string;
  readonly vote_key: string;
  readonly kind: string;
  readonly offence_height: number;
  readonly round: number;
  readonly first: Readonly<Record<string, unknown>>;
  readonly second: Readonly<Record<string, unknown>>;
  readonly reporter: string;
  readonly transaction: string;
  readonly height: number;
  readonly time_ms: number;
  readonly consequence: "recorded" | "suspended";
  readonly effective_height: number | null;
}

/**
 * Why the node stopped the last time, while it is not yet past that height.
 */
export interface FaultView {
  readonly code: string;
  readonly why: string;
  readonly height: number | null;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly count: number;
}

/**
 * A transaction that touched a twin.
 */
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

/**
 * A twin's history, newest first.
 */
export interface HistoryList {
  readonly items: readonly HistoryItem[];
  readonly next: string | null;
}

/**
 * A key that acts, or acted, for an organisation.
 */
export interface KeyView {
  readonly key: string;
  readonly label: string;
  readonly roles: readonly ("administrator" | "gateway" | "operator" | "partner")[];
  readonly registered_height: number;
  readonly revoked_height: number | null;
}

/**
 * The process serves requests.
 */
export interface LiveView {
  readonly live: boolean;
}

/**
 * What the node has and uses of its machine, and the limits that it was given.
 *
 * `transactions_set_aside` are those whose contracts it could not run since its start.
 */
export interface MachineView {
  readonly node: string;
  readonly version: string;
  readonly now_ms: number;
  readonly started_ms: number;
  readonly disk_free_bytes: number;
  readonly disk_free_bytes_min: number;
  readonly database_bytes: number;
  readonly mempool_transactions: number;
  readonly mempool_transactions_max: number;
  readonly mempool_bytes: number;
  readonly mempool_bytes_max: number;
  readonly worker_restarts: number;
  readonly worker_restarted_ms: number | null;
  readonly transactions_set_aside: number;
  readonly certificates: readonly CertificateExpiryView[];
  readonly fault: FaultView | null;
}

/**
 * A validator of a set that is not in force, or no longer.
 */
export interface MemberView {
  readonly index: number;
  readonly node: string;
  readonly organisation: string;
  readonly weight: number;
  readonly vote_key: string;
}

/**
 * What waits for a block.
 */
export interface MempoolView {
  readonly transactions: number;
  readonly bytes: number;
}

/**
 * A method that the operation `call` may invoke.
 */
export interface MethodView {
  readonly name: string;
  readonly parameters: readonly ParameterView[];
  readonly summary: string;
}

/**
 * All member organisations in order of their ids.
 */
export interface OrganisationList {
  readonly items: readonly OrganisationView[];
}

/**
 * A member organisation.
 */
export interface OrganisationView {
  readonly id: string;
  readonly name: string;
  readonly node_count: number;
  readonly keys: readonly KeyView[];
}

/**
 * What was proposed: the source with what speaks for it.
 */
export interface PackageView {
  readonly hash: string;
  readonly name: string;
  readonly engine: string;
  readonly build: string;
  readonly source_hash: string;
  readonly source: string;
  readonly tests: string;
  readonly stubs: string;
  readonly check: string;
  readonly report: string;
  readonly organisation: string;
  readonly transaction: string;
  readonly height: number;
  readonly time_ms: number;
}

/**
 * A parameter of a method.
 */
export interface ParameterView {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/**
 * Since when a contract is paused, who proposed that and who approved it.
 */
export interface PauseView {
  readonly organisation: string;
  readonly proposal: string | null;
  readonly approvals: readonly SignedApprovalView[];
  readonly transaction: string;
  readonly height: number;
  readonly time_ms: number;
}

/**
 * Another node as this one sees it.
 */
export interface PeerView {
  readonly node: string;
  readonly organisation: string;
  readonly connected: boolean;
  readonly height: number | null;
  readonly last_seen_ms: number | null;
  readonly address: string;
}

/**
 * An error, as RFC 9457 has it, with the catalogue's explanation.
 */
export interface ProblemView {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly why: string;
  readonly fix: string;
  readonly retryable: boolean;
  readonly tx_id?: string | null;
}

/**
 * A property with its newest reading; all null before the first one.
 *
 * `quality` is an OPC UA StatusCode, 0 is Good; `unit` a UN/CEFACT Recommendation 20 code.
 */
export interface PropertyView {
  readonly value: string | null;
  readonly time: string | null;
  readonly time_ms: number | null;
  readonly unit: string;
  readonly quality: number | null;
  readonly transaction: string | null;
  readonly semantic: string;
}

/**
 * Proposals, the newest first.
 */
export interface ProposalList {
  readonly items: readonly ProposalView[];
  readonly next: string | null;
}

/**
 * A proposed change.
 *
 * `expired` says that no block may approve it any more; `needed` is how many organisations must
 * approve it as things stand; `effective_height` is when a change of validators is in force;
 * `settings` are the parameters of a contract as `veritwin contract propose --set` takes them.
 */
export interface ProposalView {
  readonly id: string;
  readonly about: string;
  readonly change: Readonly<Record<string, unknown>>;
  readonly note: string;
  readonly organisation: string;
  readonly height: number;
  readonly time_ms: number;
  readonly expiry_height: number;
  readonly status: "approved" | "open" | "withdrawn";
  readonly expired: boolean;
  readonly approvals: readonly ApprovalView[];
  readonly needed: number;
  readonly closed_height: number | null;
  readonly effective_height: number | null;
  readonly settings: readonly string[];
}

/**
 * What proves one reading of a telemetry transaction without showing the others.
 */
export interface ReadingProofView {
  readonly transaction: string;
  readonly proof: Readonly<Record<string, unknown>>;
}

/**
 * Whether commits are progressing; `reasons` says in sentences why not.
 */
export interface ReadyView {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/**
 * A proposed block that this node found invalid, at the height it was working on.
 */
export interface RefusalView {
  readonly height: number;
  readonly block: string;
  readonly why: string;
  readonly seen_ms: number;
}

/**
 * An action to draw into a chart, at the readings that caused it.
 */
export interface SeriesAction {
  readonly id: string;
  readonly kind: string;
  readonly opened_time_ms: number;
  readonly cause_from_ms: number | null;
  readonly cause_to_ms: number | null;
  readonly status: string;
}

/**
 * Readings of a property: [time, value or null, transaction] in order of time.
 *
 * `complete` is false while older readings were not looked at yet: ask again.
 */
export interface SeriesView {
  readonly property: string;
  readonly unit: string;
  readonly points: readonly (readonly [number, string | null, string])[];
  readonly actions: readonly SeriesAction[];
  readonly from_ms: number;
  readonly to_ms: number;
  readonly downsampled: boolean;
  readonly complete: boolean;
}

/**
 * A validator's precommit in a certificate.
 */
export interface SignatureView {
  readonly validator: number;
  readonly node: string;
  readonly time_ms: number;
  readonly signature: string;
}

/**
 * Who approved, when, with which key and signature.
 *
 * The signature is the transaction's; null where this node no longer keeps its block.
 */
export interface SignedApprovalView {
  readonly organisation: string;
  readonly key: string;
  readonly transaction: string;
  readonly signature: string | null;
  readonly height: number;
  readonly time_ms: number;
}

/**
 * A snapshot that is being loaded: of which height, and how much of it is here.
 *
 * `parts_done` of the `parts_known` are here; more become known meanwhile. `state_permille` says
 * how much of the state that is.
 */
export interface SnapshotView {
  readonly height: number;
  readonly parts_done: number;
  readonly parts_known: number;
  readonly size_bytes: number;
  readonly state_permille: number;
}

/**
 * A node of a state tree.
 *
 * An inner node has the hashes of its sixteen `children`, null for those that are empty. A leaf
 * has the `key` in hex, the `path`, which is the hash of the key, and the `value_hash`; `text` is
 * the key for people, and `value` the value in base64, where it is kept.
 */
export interface StateNodeView {
  readonly kind: string;
  readonly children: readonly (string | null)[] | null;
  readonly path: string | null;
  readonly value_hash: string | null;
  readonly key: string | null;
  readonly text: string | null;
  readonly value: string | null;
}

/**
 * What proves a value, or that there is none, under the header's state root.
 *
 * `validator_changes` lead from genesis to the validators that decided the header.
 */
export interface StateProofView {
  readonly height: number;
  readonly key: string;
  readonly value: string | null;
  readonly proof: Readonly<Record<string, unknown>>;
  readonly header: string;
  readonly certificate: string;
  readonly validator_changes: readonly string[];
}

/**
 * How the node and the chain are, as this node sees it.
 *
 * `last_commit_ms` is when this node committed its head; `commit_latency_ms` the median time from
 * first seeing a transaction to its commit.
 */
export interface StatusView {
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
  readonly round: number;
  readonly step: string;
  readonly peers: readonly PeerView[];
  readonly validators: number;
  readonly quorum: number;
  readonly mempool: MempoolView;
  readonly transactions_total: number;
  readonly twins_total: number;
  readonly updates_per_second: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/**
 * Encoded steps, in base64, from the validators of genesis to those of `height`.
 */
export interface StepList {
  readonly height: number;
  readonly items: readonly string[];
}

/**
 * A file that a statement vouches for.
 */
export interface SubjectView {
  readonly name: string;
  readonly sha256: string;
}

/**
 * What became of a transaction that was handed in; `code` says why it was rejected.
 */
export interface SubmitAnswer {
  readonly id: string | null;
  readonly state: "expired" | "final" | "ordered" | "received" | "rejected";
  readonly height: number | null;
  readonly code: string | null;
  readonly detail: string | null;
}

/**
 * What became of many transactions, in the order in which they were handed in.
 */
export interface SubmitAnswers {
  readonly items: readonly SubmitAnswer[];
}

/**
 * Transactions, newest first.
 */
export interface TransactionList {
  readonly items: readonly TransactionSummary[];
  readonly next: string | null;
}

/**
 * A transaction in a list.
 */
export interface TransactionSummary {
  readonly id: string;
  readonly height: number;
  readonly position: number;
  readonly operation: string;
  readonly organisation: string | null;
  readonly sender: string;
  readonly twins: readonly string[];
  readonly code: string;
  readonly time_ms: number;
}

/**
 * A transaction; what is known only once it is in a block is null before.
 */
export interface TransactionView {
  readonly id: string;
  readonly state: "expired" | "final" | "ordered" | "received" | "rejected";
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
  readonly events: readonly EventView[];
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly signature: string | null;
}

/**
 * What wakes a contract: readings of some properties of twins of a model.
 */
export interface TriggerView {
  readonly name: string;
  readonly model: string;
  readonly properties: readonly string[];
}

/**
 * Twins in order of their ids.
 */
export interface TwinList {
  readonly items: readonly TwinSummary[];
  readonly next: string | null;
}

/**
 * A twin in a list; `updates` counts accepted readings.
 */
export interface TwinSummary {
  readonly id: string;
  readonly kind: "component" | "environment" | "process" | "system";
  readonly model: string;
  readonly owner: string;
  readonly parent: string | null;
  readonly description: string;
  readonly status: "action_acknowledged" | "action_open" | "normal";
  readonly open_actions: number;
  readonly updated_height: number;
  readonly updated_time_ms: number;
  readonly updates: number;
}

/**
 * A twin as it was after the block at `height`.
 *
 * `busy_parts` are those at whatever depth; `parts_complete` is false when there are too many
 * parts to look at all of them.
 */
export interface TwinView {
  readonly id: string;
  readonly model: string;
  readonly kind: "component" | "environment" | "process" | "system";
  readonly owner: string;
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly description: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, PropertyView>>;
  readonly open_actions: readonly string[];
  readonly status: "action_acknowledged" | "action_open" | "normal";
  readonly busy_parts: readonly BusyPart[];
  readonly parts_complete: boolean;
  readonly updates: number;
  readonly registered_height: number;
  readonly updated_height: number;
  readonly height: number;
  readonly state_root: string;
}

/**
 * Who decides `height`, in the order of their indexes, and the sets that are planned after it.
 *
 * `since` is the first height that this set decided.
 */
export interface ValidatorList {
  readonly height: number;
  readonly since: number;
  readonly engine: string;
  readonly quorum: number;
  readonly total_weight: number;
  readonly items: readonly ValidatorView[];
  readonly planned: readonly CommitteeView[];
}

/**
 * A validator and how it voted lately.
 *
 * `missed_last_100` counts certificates without it, of heights at which it had a vote; `offences`
 * are those on record, `suspended_height` is from where it was last suspended.
 */
export interface ValidatorView {
  readonly index: number;
  readonly node: string;
  readonly organisation: string;
  readonly weight: number;
  readonly vote_key: string;
  readonly last_signed_height: number | null;
  readonly missed_last_100: number;
  readonly offences: number;
  readonly suspended_height: number | null;
}

/**
 * A version with its source and parameters, and its package where it came with one.
 */
export interface VersionDetails {
  readonly name: string;
  readonly version: VersionView;
  readonly source: string;
  readonly parameters: unknown;
  readonly package: PackageView | null;
}

/**
 * A version of a contract.
 *
 * `like` is the version whose content it is; `replaces` the one that it took the place of, 0 for
 * none; it is in force from `active_height` to before `ended_height`. `settings` are its
 * parameters as `veritwin contract propose --set` takes them.
 */
export interface VersionView {
  readonly number: number;
  readonly cause: "deployed" | "rolled_back" | "upgraded";
  readonly like: number;
  readonly replaces: number;
  readonly status: "active" | "failed" | "planned" | "replaced";
  readonly failure: string;
  readonly source_hash: string;
  readonly package: string | null;
  readonly organisation: string;
  readonly proposal: string | null;
  readonly approvals: readonly SignedApprovalView[];
  readonly transaction: string;
  readonly decided_height: number;
  readonly decided_time_ms: number;
  readonly active_height: number;
  readonly ended_height: number | null;
  readonly settings: readonly string[];
}

/**
 * The newest vote of a validator that this node counted.
 */
export interface VoteView {
  readonly kind: string;
  readonly height: number;
  readonly round: number;
  readonly seen_ms: number;
}

/**
 * A block and its certificate, encoded and in base64: enough to execute it again.
 */
export interface WholeBlockView {
  readonly block: string;
  readonly certificate: string;
}
