"""The examinee as the harness's model: stop texts, thoughts, what is too long, and likelihoods counted one by one."""

from dataclasses import replace

import pytest
import torch
from lm_eval.api.instance import Instance

from pipeline.eval.harness.asking import Asking
from pipeline.eval.harness.likelihood import Pair, score_pairs
from pipeline.eval.harness.model import ExamineeLM
from pipeline.eval.harness.reading import Reading
from pipeline.eval.harness.until import Until, complete_until
from pipeline.eval.parts import Parts


def asking(**changes):
    defaults = {"key": ("k",), "samples": 1, "strip_thoughts": False, "num_problems": 1, "advance": int}
    return Asking(**{**defaults, **changes})


def request(text, number=0, **generation):
    metadata = ("task", number, 1)
    return Instance(request_type="generate_until", doc={}, arguments=(text, generation), idx=0, metadata=metadata)


def nobody(_):
    """Progress that nobody hears."""


def test_rounds_say_what_one_generation_says(examinee):
    prompts = [examinee.encode(text) for text in ("one", "two words", "three")]
    whole, rounds = (
        complete_until(
            examinee, prompts, [()] * 3, Until(max_new_tokens=100, temperature=0, has_stopped=stopped), nobody
        )
        for stopped in (None, lambda _: False)
    )
    assert rounds == whole
    assert [len(completion) for completion in whole] == [100] * 3


def test_a_stop_text_ends_a_completion_and_what_stands_behind_it_is_cut(examinee):
    model = ExamineeLM(examinee, asking())
    (free,) = model.generate_until([request("abc", until=[], max_gen_toks=200)])
    stop = free[40:43]
    model = ExamineeLM(examinee, asking())
    (text,) = model.generate_until([request("abc", until=[stop], max_gen_toks=200)])
    assert text == free[: free.index(stop)]
    (said,) = model.asking.said["task", 0]
    assert said.num_tokens < 200


def test_thoughts_are_stripped_where_the_suite_says_so(examinee):
    tokens = examinee.encode("<think>1 2</think> 34 stop<|end|>")
    for strip, text in ((True, "34 "), (False, "<think>1 2</think> 34 ")):
        said = Reading(examinee, ["stop", "<|end|>"], strip).read(tokens)
        assert (said.text, said.whole, said.num_tokens) == (text, "<think>1 2</think> 34 stop<|end|>", len(tokens))


def test_a_stop_text_in_a_thought_that_is_stripped_stops_nothing(examinee):
    has_stopped = Reading(examinee, ["\n"], strip_thoughts=True).has_stopped
    assert not has_stopped(examinee.encode("<think>1\n2"))
    assert not has_stopped(examinee.encode("<think>1\n2</think>3"))
    assert has_stopped(examinee.encode("<think>1\n2</think>3\n"))
    assert Reading(examinee, ["\n"], strip_thoughts=False).has_stopped(examinee.encode("<think>1\n2"))


def test_a_prompt_that_is_too_long_loses_its_beginning(examinee):
    long = "x" * 2000 + "end"
    (cut,) = ExamineeLM(examinee, asking()).generate_until([request(long, until=[], max_gen_toks=24)])
    (same,) = ExamineeLM(examinee, asking()).generate_until([request(long[-1000:], until=[], max_gen_toks=24)])
    assert cut == same


def test_a_system_turn_is_text_before_the_question(examinee):
    turns = [{"role": "system", "content": "About anatomy.\n"}, {"role": "user", "content": "Why?"}]
    text = ExamineeLM(examinee, asking()).apply_chat_template(turns)
    assert text == "About anatomy.\n<|user|>Why?<|assistant|>"


def test_likelihoods_are_those_of_each_pair_by_itself(examinee):
    texts = [("a long context that goes on", " yes"), ("a long context that goes on", " yet"), ("b", "c"), ("bb", "cc")]
    pairs = [Pair(tuple(examinee.encode(context)), tuple(examinee.encode(rest))) for context, rest in texts]
    told = []
    found = score_pairs(examinee.model, pairs, batch_size=2, advance=told.append)
    assert sum(told) == 4
    for pair, (score, is_greedy) in zip(pairs, found, strict=True):
        with torch.no_grad():
            logits = examinee.model(torch.tensor([[*pair.context, *pair.continuation]])).logits[0]
        start = len(pair.context) - 1
        table = logits.log_softmax(-1)[start:-1]
        expected = sum(float(row[token]) for row, token in zip(table, pair.continuation, strict=True))
        assert score == pytest.approx(expected, abs=1e-5)
        assert is_greedy == (table.argmax(-1).tolist() == list(pair.continuation))


def test_what_a_killed_run_has_scored_is_not_scored_again(examinee, tmp_path, monkeypatch):
    requests = [Instance(request_type="loglikelihood", doc={}, arguments=("a b", f" {n}"), idx=0) for n in range(7)]
    kept = replace(examinee, parts=Parts(tmp_path, 3))
    told = []
    first = ExamineeLM(kept, asking(num_problems=7, advance=told.append)).loglikelihood(requests)
    assert len(list(tmp_path.iterdir())) == 3
    monkeypatch.setattr("pipeline.eval.harness.model.score_pairs", None)
    again = ExamineeLM(kept, asking(num_problems=7, advance=told.append)).loglikelihood(requests)
    assert again == first
    assert sum(told) == 14


def test_a_whole_text_is_scored_in_windows_as_long_as_the_model_reads(examinee):
    model = ExamineeLM(examinee, asking())
    text = "abc " * 400
    (total,) = model.loglikelihood_rolling(
        [Instance(request_type="loglikelihood_rolling", doc={}, arguments=(text,), idx=0)]
    )
    tokens = [model.prefix_token_id, *examinee.encode(text)]
    with torch.no_grad():
        first = examinee.model(torch.tensor([tokens[:1024]])).logits[0].log_softmax(-1)
    start = sum(float(first[at, tokens[at + 1]]) for at in range(1024))
    rest = total - start
    assert rest < 0
    assert rest / (len(tokens) - 1 - 1024) == pytest.approx(start / 1024, rel=0.2)
