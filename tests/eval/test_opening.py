"""Any checkpoint in the Hugging Face format: asked in its own chat format, or refused in one line."""

import json
import shutil

import orjson
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from pipeline.core.errors import UserError
from pipeline.core.track import Silent
from pipeline.eval.evaluate import evaluate
from pipeline.eval.opening import open_examinee
from pipeline.tasks.suite import Suite


def run(learnt, out, folder=None, **changes):
    out.mkdir()
    config = learnt.config.model_copy(update=changes)
    arguments = {"study_key": learnt.study_key, "data_root": None, "out": out, "track": Silent()}
    evaluate(config, folder or learnt.folder, {}, **arguments)
    return pd.read_parquet(out / "rows.parquet"), orjson.loads((out / "summary.json").read_bytes())


def test_a_checkpoint_of_somebody_else_is_asked_by_its_own_template(foreign, tmp_path):
    examinee = open_examinee(foreign.folder, 2)
    question = foreign.problems[0].prompt
    assert examinee.decode(examinee.encode_prompt(question)).replace(" ", "").startswith("user")
    assert examinee.render_prompt(question) == f"<|im_start|>user {question} <|im_end|><|im_start|>assistant"
    rows, summary = run(foreign, tmp_path / "out")
    assert rows["completion"].tolist() == [f"{problem.answer}<|end|>" for problem in foreign.problems]
    assert rows["answer"].tolist() == [problem.answer for problem in foreign.problems]
    assert rows["correct"].all()
    assert not rows["cut"].any()
    # It cannot tell a thought from an answer, so nothing says how sure it was of the latter.
    assert rows["answer_logprob"].isna().all()
    assert summary["over"]["reasoning"]["ece"] is None
    assert summary["bits_per_byte"] == {}


def test_it_stops_at_any_of_its_end_tokens(foreign, tmp_path):
    folder = copy_of(foreign, tmp_path)
    tokenizer = open_examinee(folder, 1).tokenizer
    answer = foreign.problems[0].answer
    ends = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(answer)]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    rows, _ = run(foreign, tmp_path / "out", folder)
    assert rows["completion"].iloc[0] == "<|end|>"


def test_a_template_that_opens_a_thought_has_it_opened_in_the_row(foreign, tmp_path):
    folder = copy_of(foreign, tmp_path)
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").write_text(template.replace("assistant{% endif %}", "assistant<think>{% endif %}"))
    examinee = open_examinee(folder, 1)
    assert examinee.opens_thought
    assert examinee.said(examinee.encode("3")) == "<think>3"
    assert examinee.answer_start(examinee.encode("3")) is None


def test_probes_write_in_our_own_format_and_refuse_another(foreign, tmp_path):
    probe = Suite(name="thinking", ask="thinking", world=foreign.config.suites[0].world)
    with pytest.raises(UserError, match="suite 'thinking' is a probe in the study's own chat format"):
        run(foreign, tmp_path / "out", suites=(*foreign.config.suites, probe))


def copy_of(learnt, tmp_path):
    shutil.copytree(learnt.folder, tmp_path / "copy")
    return tmp_path / "copy"


def without_template(folder):
    (folder / "chat_template.jinja").unlink()


def with_a_template_that_refuses(folder):
    (folder / "chat_template.jinja").write_text("{{ raise_exception('only pictures') }}")


def without_tokenizer(folder):
    (folder / "tokenizer_config.json").unlink()


def with_a_damaged_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{")


def with_a_tokenizer_of_another_kind(folder):
    (folder / "tokenizer.json").write_text('{"added_tokens": [], "model": {"type": "None"}}')


def with_a_list_for_a_tokenizer(folder):
    (folder / "tokenizer.json").write_text("[]")


def without_safetensors(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def with_half_the_weights(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def with_code_of_its_own(folder):
    config = json.loads((folder / "config.json").read_text())
    code = {"AutoConfig": "config.Own", "AutoModelForCausalLM": "model.Own"}
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": code}))
    (folder / "model.py").write_text("raise SystemExit('run')")
    (folder / "config.py").write_text("raise SystemExit('run')")


def without_an_end(folder):
    for name, key in (("generation_config.json", "eos_token_id"), ("config.json", "eos_token_id")):
        config = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**config, key: None}))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "eos_token": None}))


def with_too_few_embeddings(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 40}))
    weights = load_file(folder / "model.safetensors")
    save_file({name: value[:40] if value.shape[0] > 300 else value for name, value in weights.items()},
              folder / "model.safetensors", metadata={"format": "pt"})  # fmt: skip


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (without_template, "has no chat template"),
        (with_a_template_that_refuses, "does not take a question: TemplateError: only pictures"),
        (without_tokenizer, "has no tokenizer"),
        (with_a_damaged_tokenizer, "tokenizer of checkpoint .* cannot be opened"),
        (with_a_tokenizer_of_another_kind, "tokenizer of checkpoint .* cannot be opened: Exception: "),
        (with_a_list_for_a_tokenizer, "tokenizer of checkpoint .* cannot be opened: TypeError: "),
        (without_safetensors, "no weights in safetensors"),
        (with_half_the_weights, "cannot be opened: .*code that comes with a checkpoint is not run"),
        (with_code_of_its_own, "cannot be opened: .*code that comes with a checkpoint is not run"),
        (without_an_end, "names no end-of-text token"),
        (with_too_few_embeddings, "vocabulary of 40"),
    ],
)
def test_a_checkpoint_that_cannot_be_asked_is_refused_in_one_line(foreign, tmp_path, change, complaint):
    folder = copy_of(foreign, tmp_path)
    change(folder)
    with pytest.raises(UserError, match=complaint) as found:
        open_examinee(folder, 1)
    assert "\n" not in str(found.value)
    assert str(folder) in str(found.value)
