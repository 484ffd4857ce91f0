"""One tokenizer for the whole study, and each corpus encoded once.

In: curated corpora. Out: a tokenizer folder for `AutoTokenizer.from_pretrained`, and per corpus the
shards of `core.shard` with `meta.json`. Reading order: `config`, `tokenizer` (train one),
`existing` (take one), `encode` (documents to shards), `rendered` (what it reads), `parts` (a shard part by part),
`masked` (datatrove's step), `spelled` (text to ids).
"""
