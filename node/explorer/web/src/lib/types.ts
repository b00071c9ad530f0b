/**
 * The answers of the node's HTTP API by the names that the pages use.
 *
 * Their fields stand in `answers.ts`, which is made from the node's own code. Where the API says
 * "any JSON" the fields that pages read are named here.
 */

import type {
  ActionView, BlockView, ContractView, StateProofView, TransactionView, VersionDetails as VersionDetailsView,
} from "./answers";

export type {
  AcknowledgementView as Acknowledgement,
  AttestationView as Attestation,
  BlockEvent,
  BlockSummary as BlockItem,
  BlockTransaction,
  CommitteeView as Committee,
  ConsensusView as Consensus,
  ContractLife,
  EvidenceView as Evidence,
  HistoryItem,
  OrganisationList as Organisations,
  OrganisationView as Organisation,
  PackageView as Package,
  PeerView as Peer,
  PropertyView as TwinProperty,
  ProposalView as Proposal,
  SeriesAction,
  SignedApprovalView as SignedApproval,
  SeriesView as Series,
  StatusView as Status,
  StepList as ValidatorSteps,
  EventView as TransactionEvent,
  TwinSummary as TwinItem,
  TwinView as Twin,
  ValidatorList as Validators,
  ValidatorView as Validator,
  VersionView as Version,
} from "./answers";

/** One page of a list; `next` asks for the one after it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** What a part of an answer says when the API leaves its form open. */
type Refined<View, Parts> = Omit<View, keyof Parts> & Parts;

/** A block; hashes of its header are in hex. */
export type Block = Refined<BlockView, {
  readonly header: Readonly<Record<string, string | number>> & {
    readonly height: number;
    readonly time_ms: number;
  };
}>;

/** A twin's state with its place in the state tree. */
export type TwinProof = Refined<StateProofView, {
  readonly proof: {
    readonly siblings: readonly string[];
    readonly other: { readonly path: string; readonly value_hash: string } | null;
  };
}>;

/** Something that a contract asks for; contracts choose the details. */
export type Action = Refined<ActionView, { readonly details: Readonly<Record<string, unknown>> }>;

/** A contract in force; its parameters are a dict. */
export type Contract = Refined<ContractView, { readonly parameters: Readonly<Record<string, unknown>> | null }>;

/** A version of a contract with its parts. */
export type VersionDetails = Refined<VersionDetailsView, {
  readonly parameters: Readonly<Record<string, unknown>>;
}>;

/** A transaction; while it is not in a block, most of it is null. */
export type Transaction = Refined<TransactionView, {
  readonly body: Readonly<Record<string, unknown>> | null;
}>;
