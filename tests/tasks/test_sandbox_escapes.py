"""Programs that try to get out. Each is stopped, and what can be known of the attempt is told."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pytest
from sandboxes import QUICK, needs_sandbox, run

from pipeline.tasks.sandbox.outcome import Limits

pytestmark = needs_sandbox

HERE = Path(__file__).resolve()
SECRET = "the-cellar-key-is-4711"


def stopped(program: str, *tried: str) -> None:
    """The program fails, nothing of the secret comes out, and each attempt is told."""
    outcome = run(program)
    assert outcome.kind == "blocked", outcome
    assert SECRET not in outcome.stdout + outcome.stderr
    for what in tried:
        assert any(attempt.startswith(what) for attempt in outcome.tried), outcome.tried


# ---------------------------------------------------------------------------------------------------- network


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def test_a_listener_of_this_machine_is_not_reached(listener: socket.socket):
    port = listener.getsockname()[1]
    stopped(
        f"import socket\nsocket.create_connection(('127.0.0.1', {port}))",
        f"socket.connect '127.0.0.1' {port}",
    )
    with pytest.raises(BlockingIOError):  # nobody came
        listener.accept()


def test_an_abstract_socket_of_this_machine_is_not_reached():
    name = f"\0frontload-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        stopped(f"import socket\nsocket.socket(socket.AF_UNIX).connect({name!r})", "socket.connect")


def test_there_is_no_way_to_another_machine_and_no_name_server():
    stopped(
        "import socket\nsocket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))", "socket.connect '192.0.2.1' 9"
    )
    stopped("import socket\nsocket.getaddrinfo('example.com', 80)", "socket.getaddrinfo 'example.com'")
    stopped("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')", "socket.connect '192.0.2.1' 80")


def test_a_socket_to_the_host_of_a_virtual_machine_is_refused():
    stopped("import socket\nsocket.socket(40, socket.SOCK_STREAM)", "socket of family 40")


# ------------------------------------------------------------------------------------------------------ files


@pytest.fixture
def secret() -> Iterator[Path]:
    with TemporaryDirectory(dir="/var/tmp") as folder:
        file = Path(folder) / "secret.txt"
        file.write_text(SECRET)
        yield file


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/hostname", str(Path.home()), str(HERE), "/proc/1/environ", "/sys"]
)
def test_files_of_this_machine_cannot_be_read(path: str):
    if path.startswith("/tmp/"):
        pytest.skip("a checkout below /tmp: inside, that is the scratch folder, so there is nothing to be stopped at")
    stopped(f"import os\nprint(os.listdir({path!r}) if {Path(path).is_dir()} else open({path!r}).read())")


@pytest.mark.parametrize(
    "trick",
    [
        "open(SECRET)",
        "open('/tmp/../' + SECRET)",
        "os.symlink(SECRET, '/tmp/link'); open('/tmp/link')",
        "os.symlink('/', '/tmp/root'); open('/tmp/root' + SECRET)",
        "os.link(SECRET, '/tmp/hard')",
        "os.chdir('/'); open(SECRET[1:])",
        "open('/proc/1/root' + SECRET)",
        "open('/proc/self/root' + SECRET)",
        "open('/proc/self/cwd/..' + SECRET)",
        "open(os.fsencode(SECRET))",
        "__import__('sqlite3').connect(SECRET)",
        "__import__('shutil').copy(SECRET, '/tmp/copy')",
        "sys.path.insert(0, os.path.dirname(SECRET)); print(os.listdir(sys.path[0]))",
    ],
)
def test_no_trick_leads_to_a_file_outside(trick: str, secret: Path):
    stopped(f"import os, sys\nSECRET = {str(secret)!r}\n{trick}")


def test_what_stands_inside_is_the_interpreter_and_nothing_of_this_machine():
    seen = run("import os\nfor top in ('/', '/dev', '/packages', '/python'): print(*sorted(os.listdir(top)))").stdout
    top, dev, packages, python = (line.split() for line in seen.splitlines())
    assert (
        {"dev", "packages", "program.py", "python", "tmp"}
        <= set(top)
        <= {"dev", "lib", "lib64", "packages", "program.py", "python", "tmp"}
    )
    assert dev == ["null", "urandom"]
    assert set(packages) <= {"numpy", "numpy.libs"}
    assert set(python) <= {"bin", "inside.py", "lib", "lib64", "so"}


def test_packages_beside_the_base_interpreter_are_not_seen():
    assert run("import pip").detail == "ModuleNotFoundError: No module named 'pip'"


@pytest.mark.parametrize(
    "path", ["/x", "/python/x", "/packages/x", "/program.py", "/python/inside.py", "/dev/x", "/etc/x"]
)
def test_nothing_is_written_but_in_the_scratch_folder(path: str):
    stopped(f"open({path!r}, 'w')", f"open to write '{path}'")


def test_a_folder_of_this_machine_is_not_written(secret: Path):
    stopped(f"import os\nos.makedirs({str(secret.parent / 'in')!r})", "os.mkdir")
    stopped(f"import os\nos.remove({str(secret)!r})", f"os.remove '{secret}'")
    assert list(secret.parent.iterdir()) == [secret]


SCRATCH = """
import os
assert os.getcwd() == '/tmp' and not os.listdir()
open('note', 'w').write('x')
assert os.listdir() == ['note']
"""


def test_the_scratch_folder_is_empty_at_first_and_gone_afterwards():
    assert [run(SCRATCH).kind for _ in range(2)] == ["passed", "passed"]
    assert not Path("/tmp/note").exists()


def test_this_machines_own_tmp_is_another_one():
    with TemporaryDirectory(dir="/tmp") as folder:
        (Path(folder) / "secret").write_text(SECRET)
        outcome = run(f"print(open({folder!r} + '/secret').read())")
    assert (outcome.kind, outcome.stdout) == ("failed", "")


# ------------------------------------------------------------------------------------- processes and privileges


@pytest.mark.parametrize(
    ("program", "tried"),
    [
        ("import os\nwhile True: os.fork()", "os.fork"),
        ("import subprocess\nsubprocess.run(['/bin/sh', '-c', ':'])", "subprocess.Popen '/bin/sh'"),
        ("import os\nassert os.system('id') == 0", "os.system"),
        ("import os\nos.posix_spawn('/python/bin/python3', ['python3'], {})", "os.posix_spawn"),
        ("import multiprocessing as m\nm.get_context('fork').Process(target=print).start()", "os.fork"),
        ("import os\nos.execv('/bin/sh', ['sh'])", "os.exec '/bin/sh'"),
        ("import pty\npty.fork()", "os.forkpty"),
    ],
)
def test_there_is_no_second_process(program: str, tried: str):
    stopped(program, tried)


def test_a_fork_bomb_that_hides_from_python_makes_no_process_either():
    bomb = "import ctypes\nfork = ctypes.CDLL(None).fork\nassert all(fork() == -1 for _ in range(1000))"
    assert run(bomb).passed


def test_a_thread_bomb_stops_at_the_limit():
    bomb = (
        "import threading\nstop = threading.Event()\nthreading.stack_size(32768)\nn = 0\n"
        "try:\n    while n < 500: threading.Thread(target=stop.wait).start(); n += 1\n"
        "except RuntimeError: pass\nprint(n)"
    )
    assert 8 <= int(run(bomb, Limits(threads=16)).stdout) <= 17


@pytest.mark.parametrize(
    "call", ["unshare(0x10000000)", "setns(0, 0)", "mount(0, 0, 0, 0, 0)", "ptrace(0, 0, 0, 0)", "chroot(b'/tmp')"]
)
def test_a_call_that_only_an_attack_makes_ends_the_program(call: str):
    outcome = run(f"import ctypes\nctypes.CDLL(None).{call}")
    assert (outcome.kind, outcome.detail) == ("blocked", "killed by SIGSYS")
    assert outcome.tried == ("a system call that no answer needs",)


CLONE = """
import ctypes, os
number = {'x86_64': 56, 'aarch64': 220}[os.uname().machine]
new_user, child_signal = 0x10000000, 17
assert ctypes.CDLL(None).syscall(number, new_user | child_signal, 0, 0, 0, 0) == -1
"""


def test_a_new_user_namespace_by_clone_is_refused():
    assert run(CLONE).passed


def test_root_is_nobody_inside_and_stays_so():
    assert run(
        "import os\nassert 0 not in os.getresuid() + os.getresgid() and os.getgroups() in ([], [os.getgid()])"
    ).passed
    assert run("import os\nos.setuid(0)").kind == "failed"
    assert run("import resource as r\nr.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY, r.RLIM_INFINITY))").kind == "failed"


def test_no_process_of_this_machine_can_be_signalled():
    for target in (os.getpid(), os.getppid()):
        stopped(f"import os\nos.kill({target}, 9)", f"os.kill {target} 9")
    # Its own parent is the first process of its world, which no signal from inside reaches.
    run("import os\nfor target in (os.getppid(), 1, -1):\n    try: os.kill(target, 9)\n    except OSError: pass")
    run("import os, signal\nos.killpg(0, signal.SIGKILL)")
    assert run("").passed  # this process is still there


# ---------------------------------------------------------------------------------------- what stays, what leaks


def processes_with(marker: str) -> list[str]:
    """Command lines of this machine's processes that hold the marker."""
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            found += [line] if marker in line else []
    return found


def wait_until_gone(marker: str) -> bool:
    end = monotonic() + 20
    while (left := processes_with(marker)) and monotonic() < end:
        sleep(0.02)
    return not left


IN_A_THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
"""
WITHOUT_STREAMS = """
import os
for fd in range(64):
    try: os.close(fd)
    except OSError: pass
while True: pass
"""
DEAF = """
import signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("number", "program"), [(70_001_001, IN_A_THREAD), (70_001_002, WITHOUT_STREAMS), (70_001_003, DEAF)]
)
def test_nothing_is_left_behind(number: int, program: str):
    run(program, Limits(cpu_seconds=1, wall_seconds=1.5, memory_bytes=number * 4))
    assert wait_until_gone(f" {number * 4} ")


def test_what_runs_dies_with_the_process_that_asked():
    asks = (
        "from pipeline.tasks.sandbox.run import run_python\nfrom pipeline.tasks.sandbox.outcome import Limits\n"
        "run_python('import time; time.sleep(600)', Limits(wall_seconds=600, memory_bytes=280_004_016))"
    )
    asking = subprocess.Popen([sys.executable, "-c", asks], cwd=HERE.parents[2])
    end = monotonic() + 60
    while not processes_with(" 280004016 ") and monotonic() < end:
        sleep(0.02)
    assert processes_with(" 280004016 ")
    asking.send_signal(signal.SIGKILL)
    asking.wait()
    assert wait_until_gone(" 280004016 ")


NATIVE = """
import ctypes
first = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
place = 0
while first and first[place]:
    print(first[place])
    place += 1
"""


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CELLAR_KEY", SECRET)
    assert run("import os\nassert not os.environ, os.environ").passed
    outcome = run(NATIVE)
    assert outcome.passed
    assert SECRET not in outcome.stdout


def test_no_open_file_is_inherited(secret: Path):
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - its only form
        program = "import os\nfor fd in range(64):\n    try: os.fstat(fd)\n    except OSError: continue\n    print(fd)"
        found = [int(line) for line in run(program).stdout.split()]
    assert found[:3] == [0, 1, 2]
    assert len(found) == 4  # the last is the report's
    assert run("import os\nassert os.read(0, 10) == b''").passed  # nothing to read


def test_the_name_of_this_machine_is_not_told():
    assert run("import os, socket\nassert {os.uname().nodename, socket.gethostname()} == {'sandbox'}").passed


# ------------------------------------------------------------------------------------------------- false verdicts


WRITES_DONE = """
import os
for fd in range(64):
    try: os.write(fd, b'done\\ndone 0\\n')
    except OSError: pass
os._exit(0)
"""
FLOODS = """
import os
while True:
    for fd in range(3, 64):
        try: os.write(fd, b'tried x\\n' * 100)
        except OSError: pass
"""


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(0)",
        "import sys\nsys.exit()",
        "import os\nos._exit(0)",
        "import atexit, os\natexit.register(os._exit, 0)\nassert False",
        WRITES_DONE,
        "import os, sys\nos.execv('/python/bin/python3', ['python3', '-c', ''])",
        "import builtins, sys\nbuiltins.BaseException = KeyError\nassert False",
        "import sys\nsys.excepthook = lambda *_: __import__('os')._exit(0)\nassert False",
        "import signal, os\nos.kill(os.getpid(), signal.SIGTERM)",
    ],
)
def test_leaving_before_the_end_is_no_pass(program: str):
    assert not run(program).passed


def test_a_flooded_report_ends_the_program():
    assert run(FLOODS).kind == "output limit"
    assert run("", QUICK).passed
