/** What travels between Python and the views about clusters, selections, near-duplicates and titles (PROTOCOL.md). */

import { fields, int, list, num, str } from "../parse";
import type { Fields } from "../parse";
import { parseRow } from "../protocol";
import type { Row } from "../protocol";

/** A value and how frequent it is here and in all texts (shares), or here and elsewhere (contrasts). */
export interface Share {
  readonly value: string;
  readonly count: number;
  readonly share: number;
  readonly other: number;
}

export interface FieldShares {
  readonly field: string;
  readonly values: readonly Share[];
  readonly others: number;
  readonly missing: number;
}

export interface Contrast extends Share {
  readonly field: string;
}

export interface BorderRow extends Row {
  readonly toward: number;
  readonly leaving: number;
}

export interface ClusterAbout {
  readonly label: number;
  readonly size: number;
  readonly probability: number;
  readonly keywords: readonly string[];
  readonly central: readonly Row[];
  readonly border: readonly BorderRow[];
  /** By field; null while the metadata has not been read. */
  readonly shares: readonly FieldShares[] | null;
}

export interface About {
  readonly revision: number;
  /** The cluster that the selection is; null when it is anything else. */
  readonly cluster: ClusterAbout | null;
  readonly rows: number;
  readonly others: number;
  /** How many of them have texts that words were counted in. */
  readonly read: number;
  readonly othersRead: number;
  readonly terms: readonly Contrast[];
  readonly metadata: readonly Contrast[] | null;
}

export interface DuplicateGroup extends Row {
  readonly group: number;
  readonly size: number;
}

export interface Duplicates {
  readonly revision: number;
  readonly threshold: number;
  readonly largest: number;
  readonly metric: string;
  readonly rows: number;
  readonly groupCount: number;
  readonly surplus: number;
  readonly groups: readonly DuplicateGroup[];
}

export interface TitlesEstimate {
  /** What is agreed to by sending it back. */
  readonly revision: number;
  readonly destination: string;
  readonly leavesMachine: boolean;
  readonly clusters: number;
  readonly requests: number;
  readonly cached: number;
  readonly texts: number;
  readonly tokens: number;
  readonly samples: readonly {
    readonly label: number;
    readonly keywords: readonly string[];
    readonly texts: readonly string[];
  }[];
}

export type ReadingState = "none" | "unread" | "reading" | "read" | "failed";

export interface MetadataReading {
  readonly state: ReadingState;
  readonly fraction: number;
  readonly problem: string;
}

export type TitlingState = "idle" | "running" | "done" | "cancelled" | "failed";

export interface Titling {
  readonly available: boolean;
  readonly state: TitlingState;
  readonly fraction: number;
  readonly titles: number;
  readonly failed: number;
  readonly message: string;
}

export type UnderstandIntent =
  | { type: "about"; revision: number }
  | { type: "read_metadata" | "cancel_metadata" }
  | { type: "near_duplicates"; threshold: number | null }
  | { type: "select_duplicates"; revision: number; group: number | null }
  | { type: "titles_start"; revision: number }
  | { type: "titles_estimate" | "titles_cancel" };

const READING_STATES: readonly string[] = ["none", "unread", "reading", "read", "failed"];
const TITLING_STATES: readonly string[] = ["idle", "running", "done", "cancelled", "failed"];

function share(value: unknown): number {
  return Math.min(1, Math.max(0, num(value, 0)));
}

function rows<T>(value: unknown, more: (row: Row, item: Fields) => T): T[] {
  return list(value).flatMap((item) => {
    const row = parseRow(item);
    return row ? [more(row, fields(item))] : [];
  });
}

function parseShares(value: unknown): FieldShares[] {
  return list(value).map((item) => {
    const field = fields(item);
    const values = list(field.values).map((part) => {
      const { value: name, count, share: here, share_overall: overall } = fields(part);
      return { value: str(name), count: int(count, 0), share: share(here), other: share(overall) };
    });
    return { field: str(field.field), values, others: int(field.others, 0), missing: int(field.missing, 0) };
  });
}

function parseContrasts(value: unknown): Contrast[] {
  return list(value).map((item) => {
    const one = fields(item);
    return {
      field: str(one.field),
      value: str(one.value),
      count: int(one.inside, 0),
      share: share(one.share_inside),
      other: share(one.share_outside),
    };
  });
}

function parseCluster(value: unknown): ClusterAbout | null {
  const cluster = fields(value);
  const label = int(cluster.label, -1);
  if (label < 0) return null;
  return {
    label,
    size: int(cluster.size, 0),
    probability: share(cluster.probability),
    keywords: list(cluster.keywords).map(str),
    central: rows(cluster.central, (row) => row),
    border: rows(cluster.border, (row, item) => ({
      ...row,
      toward: int(item.toward, -1),
      leaving: share(item.leaving),
    })),
    shares: cluster.shares === null || cluster.shares === undefined ? null : parseShares(cluster.shares),
  };
}

export function parseAbout(message: Fields): About {
  return {
    revision: int(message.revision, -1),
    cluster: parseCluster(message.cluster),
    rows: int(message.n_rows, 0),
    others: int(message.n_others, 0),
    read: int(message.n_read, int(message.n_rows, 0)),
    othersRead: int(message.n_others_read, int(message.n_others, 0)),
    terms: parseContrasts(message.terms),
    metadata: message.metadata === null || message.metadata === undefined ? null : parseContrasts(message.metadata),
  };
}

export function parseDuplicates(message: Fields): Duplicates {
  return {
    revision: int(message.revision, -1),
    threshold: Math.max(0, num(message.threshold, 0)),
    largest: Math.max(0, num(message.largest, 0)),
    metric: str(message.metric),
    rows: int(message.n_rows, 0),
    groupCount: int(message.n_groups, 0),
    surplus: int(message.n_surplus, 0),
    groups: rows(message.groups, (row, item) => ({ ...row, group: int(item.group, 0), size: int(item.size, 0) })),
  };
}

export function parseEstimate(message: Fields): TitlesEstimate {
  return {
    revision: int(message.revision, -1),
    destination: str(message.destination),
    leavesMachine: message.leaves_machine !== false,
    clusters: int(message.n_clusters, 0),
    requests: int(message.n_requests, 0),
    cached: int(message.n_cached, 0),
    texts: int(message.n_texts, 0),
    tokens: int(message.n_tokens, 0),
    samples: list(message.samples).map((item) => {
      const sample = fields(item);
      return {
        label: int(sample.label, -1),
        keywords: list(sample.keywords).map(str),
        texts: list(sample.texts).map(str),
      };
    }),
  };
}

export function parseReading(value: unknown): MetadataReading {
  const reading = fields(value);
  const state = str(reading.state);
  return {
    state: READING_STATES.includes(state) ? (state as ReadingState) : "none",
    fraction: share(reading.fraction),
    problem: str(reading.problem),
  };
}

export function parseTitling(value: unknown): Titling {
  const titling = fields(value);
  const state = str(titling.state);
  return {
    available: titling.available === true,
    state: TITLING_STATES.includes(state) ? (state as TitlingState) : "idle",
    fraction: share(titling.fraction),
    titles: int(titling.n_titles, 0),
    failed: int(titling.n_failed, 0),
    message: str(titling.message),
  };
}
