"""A few rows of each benchmark, as their projects publish them in files, and the same rows as the hub has them."""

import csv
import gzip
import io
import json
import zipfile

from pipeline.tasks.harness.find import _harness_tasks

LETTERS = "ABCD"
GSM8K = [
    {"question": f"Ann has {n} pears and eats one. How many are left?", "answer": f"{n}-1\n#### {n - 1}"}
    for n in range(2, 12)
]
SUBJECTS = ("anatomy", "astronomy")
MMLU = [(f'Which, "{n}"?', f"a{n}", "b, c", f"d{n} ", "none", LETTERS[n % 4]) for n in range(7)]
ARC = [
    {
        "id": f"ARC-Challenge-{n}",
        "question": f"Why does it rain {n} times? ",
        "choices": {"text": ["sun", "clouds", "wind and more", "no"], "label": list(LETTERS)},
        "answerKey": LETTERS[n],
    }
    for n in range(4)
]
WINOGRANDE = [
    {
        "sentence": "Sarah knew more than Maria so _ got the hard cases.",
        "option1": "Sarah",
        "option2": "Maria",
        "answer": "1",
    },
    {"sentence": "Ann likes Anna because _.", "option1": "Ann is kind", "option2": "Anna is kind", "answer": "2"},
]
MBPP = [
    {
        "task_id": n,
        "text": f"Add {n}.",
        "code": "x",
        "test_list": [f"assert f({n})", "assert 1", "assert 2"],
        "test_setup_code": "",
        "challenge_test_list": [],
    }
    for n in (1, 11, 12, 510, 511, 601)
]
HUMANEVAL = [
    {
        "task_id": f"HumanEval/{n}",
        "prompt": f"def f{n}(x):\n",
        "entry_point": f"f{n}",
        "canonical_solution": "    return 1\n",
        "test": f"def check(f):\n    assert f({n}) == 1\n",
    }
    for n in range(3)
]
IFEVAL = [
    {"key": 1000, "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]},
    {"key": 1001, "instruction_id_list": ["length_constraints:number_sentences"], "kwargs": [{"num_sentences": 2}]},
    {"key": 1002, "instruction_id_list": ["keywords:existence"], "kwargs": [{"keywords": ["cat"]}]},
]
FOUNDRY = ("llm_foundry_eval/world_knowledge", "llm_foundry_eval/language_understanding")
FOLDERS = ("gsm8k", "mmlu", "ifeval", "mbpp", "humaneval", "bbh/bbh", *FOUNDRY)
BBH = [{"input": "not ( True ) and ( True ) is", "target": "False"}, {"input": "not False is", "target": "True"}]


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def write_files(root):
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    for split, rows in (("train", GSM8K[:6]), ("test", GSM8K[6:])):
        (root / f"gsm8k/{split}.jsonl").write_text(lines(rows))
    write_mmlu(root / "mmlu/mmlu.zip")
    (root / "mbpp/mbpp.jsonl").write_text(lines(MBPP))
    (root / "humaneval/HumanEval.jsonl.gz").write_bytes(gzip.compress(lines(HUMANEVAL).encode()))
    (root / "ifeval/ifeval.jsonl").write_text(
        lines({"id": row["key"], "prompt": "Write.", **{k: v for k, v in row.items() if k != "key"}} for row in IFEVAL)
    )
    (root / "bbh/bbh/boolean_expressions.json").write_text(json.dumps({"canary": "x", "examples": BBH}))
    for name in ("arc_challenge", "arc_easy"):
        rows = [
            {
                "query": f"Question: {r['question']}",
                "choices": r["choices"]["text"],
                "gold": LETTERS.index(r["answerKey"]),
            }
            for r in ARC
        ]
        (root / f"llm_foundry_eval/world_knowledge/{name}.jsonl").write_text(lines(rows))
    (root / "llm_foundry_eval/language_understanding/winogrande.jsonl").write_text(
        lines(map(foundry_winogrande, WINOGRANDE))
    )


def foundry_winogrande(row):
    before, after = row["sentence"].split("_")
    options = [before + row["option1"], before + row["option2"]]
    return {"context_options": options, "continuation": after.strip(), "gold": int(row["answer"]) - 1}


def write_mmlu(path):
    with zipfile.ZipFile(path, "w") as archive:
        for subject in all_subjects():
            for split in ("dev", "val", "test"):
                file = io.StringIO(newline="")
                csv.writer(file).writerows(MMLU[:5] if split == "dev" else MMLU[5:])
                archive.writestr(f"data/{split}/{subject}_{split}.csv", file.getvalue())


def all_subjects():
    return [path.stem.removeprefix("mmlu_") for path in (_harness_tasks() / "mmlu/default").glob("mmlu_*.yaml")]


def hub_rows():
    """Data set, harness task, its splits as the hub has them."""
    mmlu = [
        {"question": row[0], "subject": "anatomy", "choices": list(row[1:5]), "answer": LETTERS.index(row[5])}
        for row in MMLU
    ]
    return {
        "gsm8k": ("openai/gsm8k", {"train": GSM8K[:6], "test": GSM8K[6:]}),
        "mmlu_anatomy": ("cais/mmlu", {"dev": mmlu[:5], "test": mmlu[5:]}),
        "arc_challenge": ("allenai/ai2_arc", {"train": ARC, "validation": ARC, "test": ARC}),
        "winogrande": ("allenai/winogrande", {"train": WINOGRANDE, "validation": WINOGRANDE}),
        "mbpp": ("google-research-datasets/mbpp", {"test": MBPP[1:4]}),
        "humaneval": ("openai/openai_humaneval", {"test": HUMANEVAL}),
        "bbh_cot_fewshot_boolean_expressions": ("SaylorTwift/bbh", {"test": BBH}),
    }
