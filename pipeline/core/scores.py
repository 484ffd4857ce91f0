"""The eval stage's row: one (task, problem, sample) of one checkpoint. Nothing is only a mean."""

import pyarrow as pa

SCORE_SCHEMA = pa.schema(
    [
        ("suite", pa.string()),  # the suite that asked
        ("task", pa.string()),  # family of the world, or benchmark
        ("problem", pa.string()),  # id, the same for every checkpoint that sees this problem
        ("sample", pa.int32()),  # 0 for greedy; 1.. for sampled traces and answers
        ("kind", pa.string()),  # greedy; graded: a sampled trace and its gold answer's probability; sample: for pass@k
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
        ("answer_logprob", pa.float64()),  # nats, temperature 1: the model's own answer in its slot; null without one
        ("temperature", pa.float64()),  # of what was sampled; null elsewhere
        ("seed", pa.string()),  # hex: of the random stream that the sample was drawn with; null elsewhere
        ("engine", pa.string()),  # who wrote the completion: own, or vllm and its version; null where nobody did
        ("generated_tokens", pa.int32()),
        ("cut", pa.bool_()),  # whether the completion was still going on at its token limit; null where not known
        ("error", pa.string()),  # a scorer's complaint; null where all went well
        ("outcome", pa.string()),  # of a program that was run: passed, failed, timed out, memory ...; null elsewhere
        ("tried", pa.list_(pa.string())),  # of a program: its attempts to get out of the sandbox; null elsewhere
        # Rows of the harness's benchmarks, kind benchmark; null elsewhere.
        ("harness_task", pa.string()),  # the harness's own (sub)task, and the version of its YAML: mmlu_anatomy@1.0
        ("score", pa.float64()),  # the suite's metric of this problem, 1 for right
        ("metrics", pa.string()),  # JSON: each of the harness's metrics of this problem, by "metric,filter"
        ("choice_logprobs", pa.list_(pa.float64())),  # nats: of each choice, in their order
        # Rows of probes; null elsewhere. Their kinds: clean, situational and self (reflection), thinking, alchemy.
        ("probe", pa.string()),  # perturbation (situational), on or off (thinking), regime (alchemy)
        ("prefix", pa.string()),  # what stood behind the prompt when the model went on
        ("trigger", pa.string()),  # its name; its text ends the prefix
        ("adversarial", pa.string()),  # the wrong answer that the prefix leads to
        ("explicit", pa.bool_()),  # whether the completion acknowledges or addresses the error
        ("gap", pa.float64()),  # nats: log p(gold) - log p(adversarial) in the answer slot behind the prefix
        ("gold_reasoning", pa.string()),  # the chain of thought that leads to the gold answer
    ]
)
