"""Probes of how reasoning generalises: shifted symbol tasks, and thinking on against thinking off.

In: dials or a suite's config, and a study key. Out: problems, training documents, and what rows of them say.
Reading order: `alchemy` (letters and transformations), `config` (its dials and its suite), `shifts` (documents and
problems by regime), `shift_metrics`, `thinking`.
"""
