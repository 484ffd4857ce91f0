"""What a checkpoint of the tunnel can fetch from its context: the skill that every family needs, measured apart.

    .venv/bin/python benchmarks/retrieval.py runs/pretrain/*/model

`copy`: a sequence of words said again, token by token - possible by place alone. `key`: the value of one of eight pairs
(`ann : cup , bob : lamp , ... bob :`), possible by content only; chance is 1 in 8. `asked`: the same as a question.
`look-up`: the world's look-up questions. Greedy next token, 200 items each, from a stream that no corpus uses.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import torch
import transformers
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from pipeline.core.chat import render_prompt
from pipeline.core.seeds import rng
from pipeline.lm.models.model import load_tokenizer
from pipeline.tasks.world import lexicon
from pipeline.tasks.world.lookup import lookup_in_split

ITEMS, PAIRS, LENGTH = 200, 8, 10
Item = tuple[str, str]  # context, the word that follows


def copy(random: Random) -> Item:
    """A sequence said twice, up to a random place in the second time."""
    words = random.sample(lexicon.NAMES + lexicon.OBJECTS + lexicon.PLACES + lexicon.COLOURS, LENGTH)
    place = random.randrange(1, LENGTH)
    return f"copy : {' '.join(words)} ; {' '.join(words[:place])}", words[place]


def _pairs(random: Random) -> tuple[list[str], list[str], int]:
    return random.sample(lexicon.NAMES, PAIRS), random.sample(lexicon.OBJECTS, PAIRS), random.randrange(PAIRS)


def key(random: Random) -> Item:
    """Pairs, and one of their keys again."""
    names, things, asked = _pairs(random)
    told = " , ".join(f"{name} : {thing}" for name, thing in zip(names, things, strict=True))
    return f"repeat {told} ; {names[asked]} :", things[asked]


def asked(random: Random) -> Item:
    """Pairs, and a question for one of them."""
    names, things, place = _pairs(random)
    told = " , ".join(f"{name} is {thing}" for name, thing in zip(names, things, strict=True))
    return f"{told} ; what is {names[place]} ?", things[place]


def look_up(random: Random) -> Item:
    """A look-up question of the dev split."""
    problem = lookup_in_split(random, "dev")
    return render_prompt(problem.prompt), problem.answer


PROBES: dict[str, Callable[[Random], Item]] = {"copy": copy, "key": key, "asked": asked, "look-up": look_up}


def share_right(lm: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, items: Sequence[Item]) -> float:
    """How many of the items' next words are the model's first choice."""
    right = 0
    for context, word in items:
        ids = tokenizer(context, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.inference_mode():
            right += int(lm(ids).logits[0, -1].argmax()) == tokenizer.convert_tokens_to_ids(word)
    return right / len(items)


def main(folders: list[str]) -> None:
    """One row a checkpoint."""
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    table = Table("checkpoint", *PROBES, box=None)
    for folder in folders:
        tokenizer = load_tokenizer(Path(folder))
        lm: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder).eval()
        items = {name: [probe(rng("retrieval", name, i)) for i in range(ITEMS)] for name, probe in PROBES.items()}
        table.add_row(Path(folder).parent.name, *(f"{share_right(lm, tokenizer, each):.2f}" for each in items.values()))
    Console(width=120).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
