"""The eval stage's row: one (task, problem, sample) of one checkpoint. Nothing is only a mean."""

import pyarrow as pa

SCORE_SCHEMA = pa.schema(
    [
        ("suite", pa.string()),  # the suite that asked
        ("task", pa.string()),  # family of the world, or benchmark
        ("problem", pa.string()),  # id, the same for every checkpoint that sees this problem
        ("sample", pa.int32()),  # 0 for greedy; 1.. for sampled traces
        ("kind", pa.string()),  # greedy, or graded: a sampled trace and its gold answer's probability
        ("domain", pa.string()),
        ("depth", pa.int32()),
        ("template", pa.string()),
        ("structure", pa.string()),
        ("held_out", pa.bool_()),  # a family that no corpus trains
        ("lookup", pa.bool_()),  # a control of the answer format: needs no reasoning, counts in no average
        ("chance", pa.float64()),  # of a blind guess among the choices; null where the answer is open
        ("prompt_hash", pa.string()),
        ("completion", pa.string()),
        ("answer", pa.string()),  # extracted; null where not well-formed
        ("gold", pa.string()),
        ("correct", pa.bool_()),
        ("well_formed", pa.bool_()),
        ("gold_probability", pa.float64()),  # graded rows; null elsewhere
        ("gold_logprob", pa.float64()),  # where the task asks for log-probability; null elsewhere
        ("generated_tokens", pa.int32()),
        ("error", pa.string()),  # a scorer's complaint; null where all went well
    ]
)
