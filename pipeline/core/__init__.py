"""The types that cross rooms, and the store. Nothing here knows a stage; everything here is small.

Reading order: `document` and `chat` (what is read), `shard` and `plan` (what is trained on), `seeds`
(where chance comes from), `rank` (which process this is), `ledger` and `track` (what a stage says of itself),
`fingerprint` and `checksum` (what a thing is), `record` and `artifact`, `catalog` (what the store holds), `lock` and
`lease`, `store` (where artifacts are made).
"""
