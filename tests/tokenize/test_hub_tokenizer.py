"""A tokenizer of the hub, with a stand-in for the hub: what it gives is a folder, what it refuses is one line."""

import httpx
import pytest
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError
from test_encode import curated, tokenizer_of

from pipeline.core.chat import SPECIAL_TOKENS
from pipeline.core.document import Document
from pipeline.core.errors import UserError
from pipeline.tokenize.existing import from_hub

COMMIT = "0123456789abcdef" * 2 + "01234567"
FORBIDDEN = httpx.Response(403, request=httpx.Request("GET", "https://hub.invalid/a/b"))


def hub(monkeypatch, answer):
    def download(name, *, revision, allow_patterns):
        assert (name, revision) == ("a/b", COMMIT)
        assert "tokenizer*" in allow_patterns
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)


def test_a_tokenizer_of_the_hub_gains_our_marks(monkeypatch, tmp_path):
    documents = [Document(id=str(i), source="s", text=f"some words and {i} more") for i in range(20)]
    folder = tokenizer_of(tmp_path, kind="bpe", vocab_size=512, corpora={"c": curated(tmp_path / "c", documents)})
    hub(monkeypatch, folder)
    tokenizer = from_hub("a/b", COMMIT)
    assert all(len(tokenizer.encode(mark, add_special_tokens=False)) == 1 for mark in SPECIAL_TOKENS)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (GatedRepoError("403", response=FORBIDDEN), "is gated: accept its terms on the model's page, and set HF_TOKEN"),
        (LocalEntryNotFoundError("no network"), "is not in the cache, and the hub is not reached; run it once with"),
        (HfHubHTTPError("403 Forbidden", response=FORBIDDEN), "cannot be had from the hub .*; check name and revision"),
    ],
)
def test_each_refusal_is_one_line(answer, line, monkeypatch):
    hub(monkeypatch, answer)
    with pytest.raises(UserError, match=line) as refused:
        from_hub("a/b", COMMIT)
    assert str(refused.value).startswith("tokenizer 'a/b' at 0123456789ab")
    assert "\n" not in str(refused.value)


def test_a_model_without_a_fast_tokenizer_is_named(monkeypatch, tmp_path):
    hub(monkeypatch, tmp_path)
    with pytest.raises(UserError, match=r"has no tokenizer\.json; choose a model with a fast tokenizer"):
        from_hub("a/b", COMMIT)
