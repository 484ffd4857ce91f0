"""What becomes of programs: limits on time, memory, output and files; plain failures; many at once; no walls."""

import os
import shutil
from pathlib import Path

import pytest
from sandboxes import needs_sandbox, run

from pipeline.core.errors import UserError
from pipeline.tasks.sandbox.code_eval import CodeEval, pass_at_k
from pipeline.tasks.sandbox.outcome import Limits
from pipeline.tasks.sandbox.ready import require_sandbox
from pipeline.tasks.sandbox.run import recorded, run_all

MB = 1 << 20
SMALL = Limits(cpu_seconds=1, wall_seconds=60, memory_bytes=128 * MB, scratch_bytes=MB, output_bytes=100_000)

pytestmark = needs_sandbox


def test_a_program_that_reaches_its_end_has_passed():
    outcome = run("import sys\nprint('out')\nprint('err', file=sys.stderr)\nassert 1 + 1 == 2")
    assert (outcome.kind, outcome.detail, outcome.tried, outcome.compiled) == ("passed", "", (), True)
    assert (outcome.stdout, outcome.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("assert 1 == 2, 'one is not two'", "AssertionError: one is not two"),
        ("undefined", "NameError: name 'undefined' is not defined"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("exit()", "NameError: name 'exit' is not defined"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("import os\nos._exit(3)", "exited with status 3 before its end"),
        ("import os\nos.abort()", "killed by SIGABRT"),
        ("input()", "EOFError: EOF when reading a line"),
        ("def f(): return f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("class E(Exception):\n    def __str__(self): raise KeyError\nraise E", "E: <exception str() failed>"),
        ("import torch", "ModuleNotFoundError: No module named 'torch'"),
    ],
)
def test_a_failure_says_how(program: str, detail: str):
    outcome = run(program)
    assert (outcome.kind, outcome.detail, outcome.compiled) == ("failed", detail, True)


@pytest.mark.parametrize("program", ["def f(:", "x = '\0'", "(" * 300, "return 1", "\ufeffx = = 1"])
def test_what_is_no_program_is_told_apart(program: str):
    outcome = run(program)
    assert (outcome.kind, outcome.compiled) == ("failed", False)


def test_numpy_is_there_and_hashing_is_seeded():
    assert run("import numpy\nassert numpy.ones((2, 2)).trace() == 2").passed
    first, second = (run("print({'a', 'b', 'c', 'd', 'e'})").stdout for _ in range(2))
    assert first == second


def test_a_main_guard_is_not_entered():
    assert run("if __name__ == '__main__':\n    assert False").passed


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    ],
)
def test_an_endless_loop_ends_at_its_processor_seconds(program: str):
    outcome = run(program, SMALL)
    assert (outcome.kind, outcome.detail) == ("timed out", "over 1 s of processor time")


def test_what_only_waits_ends_at_its_wall_seconds():
    outcome = run("import time\nprint('here', flush=True)\ntime.sleep(600)", Limits(wall_seconds=0.5))
    assert (outcome.kind, outcome.detail, outcome.stdout) == ("timed out", "over 0.5 s of wall time", "here\n")


@pytest.mark.parametrize(
    "program",
    [
        "kept = []\nwhile True: kept.append(bytearray(1 << 20))",
        "bytearray(1 << 40)",
        "x = [0]\nwhile True: x += x",
        "import mmap\nkept = [mmap.mmap(-1, 1 << 20) for _ in range(1000)]\nraise MemoryError",
    ],
)
def test_memory_over_the_limit_is_not_had(program: str):
    outcome = run(program, SMALL)
    assert outcome.kind in ("memory", "failed"), outcome
    assert outcome.kind == "memory" or "Cannot allocate memory" in outcome.detail


def test_memory_has_no_back_door():
    door = "import ctypes, os\nassert ctypes.CDLL(None).shmget(0, 1 << 30, 0o1600) == -1\nos.memfd_create('x')"
    assert run(door, SMALL).detail == "PermissionError: [Errno 1] Operation not permitted"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output_ends_at_the_limit_and_the_tail_is_kept(stream: str):
    outcome = run(f"import sys\nwhile True: sys.{stream}.write('x' * 1000)", SMALL)
    assert (outcome.kind, outcome.detail) == ("output limit", "wrote more than 100000 bytes")
    assert getattr(outcome, stream) == "x" * 4096


@pytest.mark.parametrize(
    "program",
    [
        "open('big', 'wb').write(bytes(2 << 20))",
        "for i in range(100): open(f'part{i}', 'wb').write(bytes(100_000))",
        "open('sparse', 'wb').truncate(1 << 40)",
    ],
)
def test_files_over_the_limit_are_not_had(program: str):
    outcome = run(program, SMALL)
    assert (outcome.kind, outcome.detail) == ("output limit", f"files over {MB} bytes")


def test_a_program_that_tried_and_went_on_has_passed_and_the_attempt_is_told():
    outcome = run("try:\n    open('/etc/passwd')\nexcept OSError: pass")
    assert (outcome.kind, outcome.tried) == ("passed", ("open '/etc/passwd'",))


AT_HOME = """
import json, os, random, shutil, tempfile
folder = tempfile.mkdtemp()
os.chdir(folder)
open('../note', 'w').close()
open(os.devnull, 'w').close()
os.urandom(4)
os.kill(os.getpid(), 0)
shutil.rmtree(folder)
"""


def test_what_stays_inside_is_no_attempt():
    outcome = run(AT_HOME)
    assert (outcome.kind, outcome.tried) == ("passed", ())


def test_many_programs_come_back_in_order_and_equal_ones_run_once():
    told: list[int] = []
    programs = [
        "print(1)",
        "assert False",
        "print(1)",
        "import uuid\nprint(uuid.uuid4())",
        "import uuid\nprint(uuid.uuid4())",
    ]
    outcomes = run_all(programs, SMALL, told.append, workers=2)
    assert [outcome.kind for outcome in outcomes] == ["passed", "failed", "passed", "passed", "passed"]
    assert outcomes[0].stdout == "1\n"
    assert outcomes[3].stdout == outcomes[4].stdout
    assert sorted(told) == [1, 2, 2]
    assert run_all([], SMALL) == []


def test_code_eval_answers_as_hugging_faces_metric():
    metric = CodeEval(Limits(wall_seconds=3))
    add, loop = "def add(a, b): return a + b", "import time\ntime.sleep(600)"
    candidates = [["def add(a, b): return a * b", add, loop]]
    with recorded() as outcomes:
        scores, results = metric.compute(["assert add(2, 3) == 5"], candidates, k=[1, 2, 10])
    assert scores == {"pass@1": pytest.approx(1 / 3), "pass@2": pytest.approx(2 / 3)}
    assert results[0][1] == (1, {"task_id": 0, "passed": True, "result": "passed", "completion_id": 1})
    assert [result["result"] for _, result in results[0]] == ["failed: AssertionError", "passed", "timed out"]
    assert [outcome.kind for outcome in outcomes] == ["failed", "passed", "timed out"]


def test_pass_at_k_by_hand():
    assert pass_at_k(4, 1, 2) == pytest.approx(1 / 2)  # 3 of the 6 pairs hold it
    assert pass_at_k(3, 2, 2) == 1.0
    assert pass_at_k(3, 0, 2) == 0.0


# ---------------------------------------------------------------------------------------------------- no walls


def wrapped_bubblewrap(folder: Path, lines: str) -> str:
    """A folder for PATH whose `bwrap` does what the lines say with its arguments."""
    script = folder / "bwrap"
    script.write_text(f"#!{shutil.which('bash')}\nreal={shutil.which('bwrap')}\n{lines}\n")
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def refuses(match: str) -> None:
    with pytest.raises(UserError, match=match):
        require_sandbox.__wrapped__()


def test_the_walls_stand_here():
    require_sandbox.__wrapped__()


def test_without_bubblewrap_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        UserError, match="no `bwrap` on PATH; install the package `bubblewrap`, or leave the code suites"
    ):
        run("print(1)")
    refuses("install the package `bubblewrap`")


def test_without_the_right_to_make_namespaces_nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fails = "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"
    monkeypatch.setenv("PATH", wrapped_bubblewrap(tmp_path, fails))
    refuses("does not start here: bwrap: No permissions to create new namespace; docs/eval.md")


WITHOUT_FILTER = """
kept=(); for a; do
  if [ "$a" = --seccomp ]; then skip=1; elif [ -n "$skip" ]; then skip=; else kept+=("$a"); fi
done; exec "$real" "${kept[@]}"
"""


@pytest.mark.parametrize(
    ("hole", "told"),
    [
        ('exec "$real" --ro-bind /etc /etc "$@"', "files of this machine are seen"),
        ('exec "$real" --perms 0755 --dir /dev --dev-bind /dev/zero /dev/zero "$@"', "devices are seen"),
        (WITHOUT_FILTER, "a second process is not refused"),
    ],
)
def test_a_wall_that_gives_way_is_noticed(hole: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", wrapped_bubblewrap(tmp_path, hole))
    refuses(f"does not hold here: AssertionError: {told}")


def test_another_architecture_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    refuses("code tasks run on x86_64, aarch64, and this machine is 'riscv64'")
