"""An encoding that is killed with SIGKILL at the n-th touch of its files, again and again, until it ends.

    killed_encoding.py TOKENIZER DOCUMENTS OUT SEED

Encodes DOCUMENTS into OUT, in small parts. Equal seeds kill at equal instants. Prints the number of kills.
"""

import os
import random
import signal
import sys
from pathlib import Path

from pipeline.core.track import Silent
from pipeline.study.run.orphans import let_forks_die_with_us
from pipeline.tokenize import parts
from pipeline.tokenize.encode import tokenize

FILES = ("open", "os.rename", "os.remove", "os.truncate")
MOST = 60  # touches between two kills


def die_at(number: int, out: Path):
    left = number

    def hear(event, args):
        nonlocal left
        if event in FILES and str(args[0]).startswith(str(out)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)


def attempt(tokenizer: Path, documents: Path, out: Path, number: int) -> bool:
    child = os.fork()
    if child == 0:
        let_forks_die_with_us()
        die_at(number, out)
        tokenize(tokenizer, documents, out=out, track=Silent())
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return code == 0


def main(tokenizer: Path, documents: Path, out: Path, seed: int):
    parts._BYTES_OF_A_PART = 9000
    instants = random.Random(seed)
    kills = 0
    while not attempt(tokenizer, documents, out, instants.randint(1, MOST)):
        kills += 1
    sys.stdout.write(f"{kills}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), int(sys.argv[4]))
