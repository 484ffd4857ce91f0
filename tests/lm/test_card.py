"""The model card beside the weights: a head that the hub reads, the whole chain, and nothing that varies."""

import json

import yaml
from huggingface_hub import ModelCard

from pipeline.core.card import as_card
from pipeline.core.ledger import Ledger, SourceUse
from pipeline.core.track import Silent
from pipeline.lm.config import Model, Optimizer, Schedule, Training
from pipeline.pretrain.config import Pretrain
from pipeline.pretrain.pretrain import pretrain
from pipeline.sft.config import Sft
from pipeline.sft.sft import sft


def stretch(kind, shares, tokens, unit="tokens"):
    uses = {
        corpus: SourceUse(tokens=round(tokens * share), loss_tokens=round(tokens * share / 2), passes=share)
        for corpus, share in shares.items()
    }
    return {
        "kind": kind,
        "loss": "answers",
        "unit": unit,
        "budget": tokens,
        "asked": shares,
        "ledger": Ledger(input_tokens=tokens, flops=2e9, sources=uses).to_json(),
        "optimizer": {"kind": "muon", "lr": 0.002},
        "schedule": {"kind": "wsd"},
        "precision": "bf16",
        "batch_rows": 8,
        "sequence_length": 144,
    }


ABOUT = {
    "model": {"model_type": "lfm2", "parameters": 812_345, "vocabulary": 325, "positions": 512},
    "stretches": [
        stretch("pretraining", {"base": 1.0}, 1000),
        stretch("pretraining", {"base": 0.5, "ldq": 0.5}, 2000),
        stretch("SFT", {"shq": 1.0}, 400, "loss_tokens"),
    ],
}


def head_of(card):
    _, head, _ = card.split("---\n", 2)
    return yaml.safe_load(head)


def test_card_tells_the_data_of_every_stretch_asked_and_obtained():
    card = as_card(ABOUT)
    assert "# pretraining on base 100 % → pretraining on base 50 %, ldq 50 % → SFT on shq 100 %" in card
    assert "| 2. pretraining | ldq | 50.0 % | 50.0 % | 1,000 | 500 | 0.50 |" in card
    assert "| 3. SFT | muon, lr 0.002 | wsd | 8 x 144 | bf16 | answers | 400 | 2.000e+09 |" in card
    assert "| parameters | 812,345 |" in card
    assert "## Licence" in card
    assert "Not known here" in card


def test_the_hub_reads_its_head():
    data = ModelCard(as_card(ABOUT)).data
    assert (data.library_name, data.pipeline_tag, data.license) == ("transformers", "text-generation", "other")
    assert {"frontload", "lfm2", "corpus:base", "corpus:ldq", "corpus:shq"} <= set(data.tags)


def test_scores_are_in_the_head_and_in_the_text():
    card = as_card(ABOUT, name='ldq > "2x" shq, seed 0', scores=[("Accuracy", "world", 36.125, "%")])
    (result,) = ModelCard(card).data.eval_results
    assert (result.metric_type, result.dataset_name, result.metric_value) == ("Accuracy", "world", 36.125)
    assert head_of(card)["model-index"][0]["name"] == 'ldq > "2x" shq, seed 0'
    assert "| Accuracy | world | 36.1 % |" in card
    assert "Not known here" not in card


def test_names_cannot_break_out_of_the_head():
    corpus = 'x"\nlicense: mit\n---\n'
    about = {**ABOUT, "stretches": [stretch("pretraining", {corpus: 1.0}, 10)]}
    head = head_of(as_card(about))
    assert head["license"] == "other"
    assert 'corpus:x" license: mit --- ' in head["tags"]


MODEL = Model(
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=1,
    intermediate_size=32,
    max_position_embeddings=32,
)
PARTS = {
    "optimizer": Optimizer(lr=2e-3),
    "schedule": Schedule(),
    "training": Training(batch_rows=8, log_every=4, checkpoint_every="10k", keep_at=(200,)),
}


def test_trained_checkpoints_carry_the_cards_of_their_whole_chain(training_world):
    def place(world, name):
        out = world.folder / name
        out.mkdir()
        return out

    def read(folder):
        return json.loads((folder / "training.json").read_text())["stretches"]

    world = training_world
    first, second, tuned = (place(world, name) for name in ("first", "second", "tuned"))
    config = Pretrain(model=MODEL, init_key="k", **PARTS)
    told = {"track": Silent()}
    ledgers = [pretrain(config, world.mix, world.corpora, world.tokenizer, previous=None, out=first, **told)]
    ledgers += [pretrain(config, world.mix, world.corpora, world.tokenizer, previous=first, out=second, **told)]
    other = world.planned(unit="loss_tokens", loss="answers", budget=600)
    ledgers += [sft(Sft(**PARTS), other.mix, other.corpora, other.tokenizer, checkpoint=second, out=tuned, **told)]

    chains = [read(folder / "model") for folder in (first, second, tuned)]
    assert [[each["kind"] for each in chain] for chain in chains] == [
        ["pretraining"],
        ["pretraining", "pretraining"],
        ["pretraining", "pretraining", "SFT"],
    ]
    assert chains[2][:2] == chains[1]
    assert [Ledger.from_json(chain[-1]["ledger"]) for chain in chains] == ledgers
    (kept,) = tuned.glob("at/*/model")
    assert read(kept)[:2] == chains[1]
    assert 200 <= read(kept)[-1]["ledger"]["loss_tokens"] < 600
    card = (tuned / "model/README.md").read_text()
    assert head_of(card)["library_name"] == "transformers"
    assert str(world.folder) not in card + (tuned / "model/training.json").read_text()
