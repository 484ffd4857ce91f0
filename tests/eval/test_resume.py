"""An eval that is killed on its way goes on from its finished parts, and ends with the same bytes."""

import pytest

from pipeline.core.track import Silent
from pipeline.eval.evaluate import evaluate
from pipeline.eval.opening import open_examinee
from pipeline.eval.parts import Parts
from pipeline.lm.generation.generate import GREEDY, Said

FILES = ("rows.parquet", "bits.parquet", "summary.json")


class KilledError(Exception):
    pass


class KilledAt(Silent):
    """Dies when so many problems are done; remembers how far each word was."""

    def __init__(self, limit):
        self.limit, self.heard = limit, []

    def progress(self, done, total, unit, note=""):
        self.heard.append(done)
        if done >= self.limit:
            raise KilledError


def run(learnt, out, track, **changes):
    config = learnt.config.model_copy(
        update={"part_size": 5, "batch_size": 4, "samples": 3, "logprob": True, **changes}
    )
    out.mkdir(exist_ok=True)
    return evaluate(config, learnt.folder, {}, study_key=learnt.study_key, data_root=None, out=out, track=track)


@pytest.mark.parametrize("limit", [1, 7, 20, 40])  # in the first part, the greedy answers, the traces, the samples
def test_a_killed_eval_ends_with_the_bytes_of_an_uninterrupted_one(learnt, tmp_path, limit):
    whole = run(learnt, tmp_path / "whole", Silent())
    with pytest.raises(KilledError):
        run(learnt, tmp_path / "killed", KilledAt(limit))
    kept = len(list((tmp_path / "killed" / "parts").glob("*.npz")))
    assert (kept == 0) == (limit == 1)
    assert run(learnt, tmp_path / "killed", Silent()) == whole
    for file in FILES:
        assert (tmp_path / "killed" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert {path.name for path in (tmp_path / "killed").iterdir()} == set(FILES)


def test_what_was_finished_is_told_at_once_and_not_generated_again(learnt, tmp_path):
    with pytest.raises(KilledError):
        run(learnt, tmp_path / "out", KilledAt(12))
    again = KilledAt(10**9)
    run(learnt, tmp_path / "out", again)
    assert again.heard[:2] == [5, 10]  # two whole parts of the greedy answers


def test_a_part_is_read_only_for_exactly_what_was_asked(learnt, tmp_path):
    examinee = open_examinee(learnt.folder, 4, parts=Parts.below(tmp_path))
    prompts = [examinee.encode_prompt(problem.prompt) for problem in learnt.problems]

    def kept(tokens, rows):
        examinee.say(prompts[:rows], tokens, GREEDY, int)
        return len(list((tmp_path / "parts").iterdir()))

    assert [kept(3, 4), kept(3, 4), kept(4, 4), kept(3, 5)] == [1, 1, 2, 3]


def test_parts_come_back_bit_by_bit(tmp_path):
    parts = Parts.below(tmp_path)
    said = [Said([5, 1], [-0.10000000149011612, -3.0]), Said([], []), Said([7], [-0.5])]
    made = []

    def make():
        made.append(1)
        return said

    for _ in range(2):
        assert parts.completions(["a", 1], make) == said
    assert parts.completions(["a", 2], make) == said
    assert len(made) == 2
    assert [values.tolist() for values in parts.scores(["none"], list)] == []
    assert parts.scores(["none"], lambda: [1 / 0]) == []
