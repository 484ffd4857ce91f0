"""What is kept of a corpus, why the rest was dropped, and what is left like.

In: `documents.parquet` and `heldout.parquet` of one corpus; the eval suites in use. Out: the same two
files filtered, `dropped.parquet` (id, reason, evidence) and `card.json` (counts and characteristics).
Reading order: `config`, `curate` (the verb), `natural` (its steps on text), `screening`, `blocks` and `ending`
(document by document), `steps` (our filters), `decontaminate`, `questions` (what is looked for), `duplicates`,
`overlaps`, `merge`; `card`.
"""
