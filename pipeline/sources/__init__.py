"""Raw documents of one corpus: drawn from the wind tunnel's world, or read from local files.

In: a `Corpus` (its dials, or its files). Out: `documents.parquet` (to train on) and `heldout.parquet`
(never trained on: bits per byte). Reading order: `config`, `collect` (the verb), `files`, `formats`
(rows of a file), `rows` (from a row to a document), `columns`, `templates`, `hub`.
"""
