/** Names, stars and saved selections as they travel between Python and the panel. */

import { fields, int, list, str } from "./parse";
import type { SelectionMode } from "./protocol";

export interface SavedSelection {
  readonly name: string;
  readonly count: number;
}

export interface Annotations {
  readonly starsRevision: number;
  readonly nStarred: number;
  readonly selections: readonly SavedSelection[];
}

export type AnnotatingIntent =
  | { type: "rename_cluster"; label: number; name: string }
  | { type: "star"; row: number; on: boolean }
  | { type: "save_selection"; name: string }
  | { type: "delete_selection"; name: string }
  | { type: "select_saved"; name: string; mode: SelectionMode }
  | { type: "select_starred"; mode: SelectionMode };

export function parseAnnotations(value: unknown): Annotations {
  const annotations = fields(value);
  return {
    starsRevision: int(annotations.stars_revision, 0),
    nStarred: int(annotations.n_starred, 0),
    selections: list(annotations.selections).map((item) => ({
      name: str(fields(item).name),
      count: int(fields(item).count, 0),
    })),
  };
}
