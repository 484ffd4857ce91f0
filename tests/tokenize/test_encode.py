import json
from hashlib import blake2b

import numpy as np
import pytest
from transformers import AutoTokenizer

from pipeline.core.chat import ASSISTANT, END, SPECIAL_TOKENS, render
from pipeline.core.document import Document, write_documents
from pipeline.core.errors import UserError
from pipeline.core.executor import Executor
from pipeline.core.shard import Shard
from pipeline.core.track import Silent
from pipeline.tasks.world.lexicon import WORDS
from pipeline.tokenize.config import VERSION, Tokenizer
from pipeline.tokenize.encode import tokenize
from pipeline.tokenize.tokenizer import train_tokenizer

WORLD = [
    Document(id="a", source="s", text="ana meets dax . dax sleeps"),
    Document(id="b", source="s", prompt="what is a ?", reasoning="a = 3 + 2 = 5", answer="5"),
    Document(id="c", source="s", prompt="where is ana ?", answer="park"),
]
NATURAL = [
    Document(id="a", source="s", text="The café — it opened in 1987.\n\nNobody came."),
    Document(id="b", source="s", prompt="What is 2+2? ", reasoning=" Two and two\nmake four.", answer="4"),
    Document(id="c", source="s", prompt="Say hi", answer=" hi 👋"),  # begins with a space: the stock mask drops it
]


def curated(folder, documents, heldout=()):
    folder.mkdir()
    write_documents(folder / "documents.parquet", documents)
    write_documents(folder / "heldout.parquet", heldout)
    return folder


def tokenizer_of(tmp_path, name="tok", corpora=None, data_root=None, **config):
    out = tmp_path / name
    out.mkdir()
    train_tokenizer(Tokenizer(**config), corpora or {}, data_root=data_root, out=out, track=Silent())
    return out


def encode(tmp_path, tokenizer, folder, name="enc", workers=1):
    out = tmp_path / name
    out.mkdir()
    return tokenize(tokenizer, folder, executor=Executor(workers=workers), out=out, track=Silent()), out


def assert_encoded_as_rendered(documents, tokenizer_folder, shard):
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    assistant = tokenizer.convert_tokens_to_ids(ASSISTANT)
    assert shard.num_documents == len(documents)
    for index, document in enumerate(documents):
        ids, loss = shard.document(index)
        assert ids.tolist() == tokenizer(render(document).text, add_special_tokens=False)["input_ids"]
        start = ids.tolist().index(assistant) + 1 if document.is_question else 0
        assert loss.tolist() == [False] * start + [True] * (len(ids) - start)
        assert tokenizer.convert_ids_to_tokens(int(ids[-1])) == END


def test_world_shards_hold_what_render_says(tmp_path):
    tokenizer = tokenizer_of(tmp_path, kind="world")
    ledger, out = encode(tmp_path, tokenizer, curated(tmp_path / "c", WORLD, WORLD[:1]))
    shard = Shard.open(out)
    assert_encoded_as_rendered(WORLD, tokenizer, shard)
    assert_encoded_as_rendered(WORLD[:1], tokenizer, Shard.open(out, "heldout"))
    meta = json.loads((out / "meta.json").read_bytes())
    # 6 words and the end; 4 + 7 + 1 words and 5 marks; 4 + 1 words and 3 marks
    assert np.diff(shard.ends, prepend=np.uint64(0)).tolist() == [7, 17, 8]
    assert meta["vocab_size"] == len(WORDS) + 6
    assert meta["splits"]["train"] == {
        "num_documents": 3,
        "num_tokens": 32,
        "num_loss_tokens": 7 + 11 + 2,
        "num_bytes": 26 + 11 + 13 + 1 + 14 + 4,
    }
    assert (ledger.input_tokens, ledger.loss_tokens, ledger.documents) == (39, 27, 4)
    assert shard.tokens.dtype == np.uint16
    assert {path.name for path in out.iterdir()} == {
        *("meta.json", "logs", "train.ds", "train.ds.index", "train.ds.loss"),
        *("heldout.ds", "heldout.ds.index", "heldout.ds.loss"),
    }


def test_a_split_without_documents_is_empty(tmp_path):
    _, out = encode(tmp_path, tokenizer_of(tmp_path, kind="world"), curated(tmp_path / "c", WORLD))
    assert (Shard.open(out, "heldout").num_documents, Shard.open(out, "heldout").num_tokens) == (0, 0)


def test_world_tokenizer_needs_no_space_beside_marks_and_decodes_to_single_spaces(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of(tmp_path, kind="world"))
    ids = tokenizer("<|user|>ana dax<|assistant|><think>park</think>5<|end|>")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == (
        ["<|user|>", "ana", "dax", "<|assistant|>", "<think>", "park", "</think>", "5", "<|end|>"]
    )
    assert tokenizer.decode(ids) == "<|user|> ana dax <|assistant|> <think> park </think> 5 <|end|>"
    assert tokenizer.decode(tokenizer("ana , dax")["input_ids"]) == "ana , dax"
    assert tokenizer.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == [0, 1, 2, 3, 4, 5]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1)


def test_chat_template_is_what_render_writes(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of(tmp_path, kind="world"))
    for document in WORLD[1:]:
        assistant = {"role": "assistant", "reasoning": document.reasoning, "content": document.answer}
        conversation = [{"role": "user", "content": document.prompt}, assistant]
        assert tokenizer.apply_chat_template(conversation, tokenize=False) == render(document).text
        encoded = tokenizer.apply_chat_template(conversation, return_assistant_tokens_mask=True, return_dict=True)
        assert encoded["input_ids"] == tokenizer(render(document).text)["input_ids"]
        first = encoded["input_ids"].index(3) + 1
        assert encoded["assistant_masks"] == [0] * first + [1] * (len(encoded["input_ids"]) - first)


def test_an_unknown_word_is_an_error(tmp_path):
    folder = curated(tmp_path / "c", [Document(id="x", source="s", text="ana meets Zorro")])
    with pytest.raises(UserError, match="document 'x' has the word 'Zorro'"):
        encode(tmp_path, tokenizer_of(tmp_path, kind="world"), folder)


def test_bpe_shards_hold_what_render_says_and_decode_to_it(tmp_path):
    folder = curated(tmp_path / "c", NATURAL)
    tokenizer = tokenizer_of(tmp_path, kind="bpe", vocab_size=512, sample_documents=9, corpora={"c": folder})
    _, out = encode(tmp_path, tokenizer, folder)
    shard = Shard.open(out)
    assert_encoded_as_rendered(NATURAL, tokenizer, shard)
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    assert loaded.decode(shard.document(1)[0].tolist()) == render(NATURAL[1]).text
    assert loaded.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == [0, 1, 2, 3, 4, 5]
    assert loaded.tokenize("1987") == ["1", "9", "8", "7"]


def test_an_existing_tokenizer_gains_the_marks(tmp_path):
    folder = curated(tmp_path / "c", NATURAL)
    plain = tokenizer_of(tmp_path, kind="bpe", vocab_size=512, corpora={"c": folder})
    tokenizer = tokenizer_of(tmp_path, "again", kind="file", path=plain.name, data_root=tmp_path)
    _, out = encode(tmp_path, tokenizer, folder)
    assert_encoded_as_rendered(NATURAL, tokenizer, Shard.open(out))


def test_everything_is_bit_equal_a_second_time_and_with_more_workers(tmp_path):
    folder = curated(tmp_path / "c", NATURAL * 50)
    one, two = (tokenizer_of(tmp_path, f"tok{i}", kind="bpe", vocab_size=512, corpora={"c": folder}) for i in "12")
    assert contents(one) == contents(two)
    outs = [encode(tmp_path, one, folder, f"enc{workers}", workers)[1] for workers in (1, 2)]
    assert contents(outs[0]) == contents(outs[1])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_bpe_without_documents_is_refused(tmp_path):
    with pytest.raises(UserError, match="no document to train on"):
        tokenizer_of(tmp_path, kind="bpe", vocab_size=512)
    with pytest.raises(UserError, match=r"no tokenizer\.json"):
        tokenizer_of(tmp_path, "other", kind="file", path="none", data_root=tmp_path)


def test_output_is_pinned_beside_its_version(tmp_path):
    folder = curated(tmp_path / "c", NATURAL)
    tokenizer = tokenizer_of(tmp_path, kind="bpe", vocab_size=512, corpora={"c": folder})
    _, out = encode(tmp_path, tokenizer, folder)
    content = b"".join((out / f"train.ds{ending}").read_bytes() for ending in ("", ".index", ".loss"))
    assert (VERSION, blake2b(content, digest_size=6).hexdigest()) == (1, "8d85053ff151"), (
        "meaning changed: raise VERSION"
    )
