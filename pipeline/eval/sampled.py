"""Problems answered many times, sampled: what pass@k, the majority and their crossover are computed from.

Sample s of a problem has a random stream of its own, keyed by study, suite, problem and s, and the same for every
checkpoint; the row holds its seed. All samples of a problem share the reading of its prompt.
"""

from collections.abc import Callable, Sequence

from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.rows import Question, Row, answer_logprob, make_row
from pipeline.lm.generation.generate import Sampling
from pipeline.tasks.score import score_all

SAMPLE = "sample"  # the kind of their rows


def sample_rows(
    config: Eval, examinee: Examinee, questions: Sequence[Question], study_key: str, advance: Callable[[int], object]
) -> list[Row]:
    """One row a question and sample, `sample` from 1 to `config.samples`, in the order of the questions."""
    asked = [(question, sample) for question in questions for sample in range(1, config.samples + 1)]
    keys = [(study_key, SAMPLE, question.suite, question.problem.id, sample) for question, sample in asked]
    sampling = Sampling(temperature=config.samples_temperature, keys=keys)
    prompts = [question.prompt for question, _ in asked]
    completions = examinee.say(prompts, config.max_new_tokens, sampling, advance)
    texts = [examinee.said(said.tokens) for said in completions]
    scores = score_all([question.problem for question, _ in asked], texts, advance)
    rows: list[Row] = []
    for i, (question, sample) in enumerate(asked):
        row = make_row(question, SAMPLE, texts[i], len(completions[i].tokens), scores[i])
        row |= {
            "sample": sample,
            "temperature": config.samples_temperature,
            "seed": examinee.completer.seed_of(keys[i]),
            "answer_logprob": answer_logprob(examinee, completions[i], scores[i]),
        }
        rows.append(row)
    return rows
