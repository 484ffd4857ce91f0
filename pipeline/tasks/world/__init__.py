"""The wind tunnel: a closed world of about 300 words in which the truth of every step is known.

In: random streams. Out: problems with their true steps, their split, written traces, exact checks.
Reading order: lexicon (the words), family (what a problem family is), families/ (the eighteen),
split (which problems are never trained on), trace (how steps are written, and spoilt on purpose),
check (whether written steps are true), incidence (which family is made of what); lookup, knowledge, instruct and
controls (questions that need no reasoning); then base_text, dials, cast, distract and corpus (documents made of
them) and readback (what the dials came to).
"""
