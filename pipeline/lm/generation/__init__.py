"""A checkpoint asked: completions and log-probabilities, in batches, quick on one core.

Reading order: `completer` (what eval sees), `backends` (our own or `by_vllm`), `generate`, `reading`, `lanes`, `rows`;
`cache`, `forward` and `quick` (a step with little overhead); `scoring` and `likeliest` (probabilities of given words).
"""
