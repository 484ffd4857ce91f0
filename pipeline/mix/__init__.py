"""Weights and a budget become a plan over encoded corpora: kilobytes, not a copy of the tokens.

In: a mix table and tokenized corpora. Out: `plan.json` (`core.plan.MixPlan`) and `table.json`, the same
thing to look at. Reading order: `config`, `plan` (the verb), `holdings` (what a corpus gives), `shortfall` (why not),
`table` (to look at).
"""
