"""What Slurm says of our jobs: its queue is asked, with one question for all of them.

submitit asks `sacct`, which many small clusters do not have (no accounting): a job that dies there leaves no word, and
is waited for without end. It also takes a job that is suspended for ended, and one that was preempted and cancelled
for one that comes back. `squeue` is wherever `sbatch` is, and tells of a job for some minutes after its end.
"""

import os
import subprocess
import time

from submitit.slurm.slurm import SlurmInfoWatcher

GONE = "GONE"  # from the queue, so long ago that the queue has forgotten how it ended
LIVE = frozenset(
    ("PENDING", "RUNNING", "SUSPENDED", "STOPPED", "CONFIGURING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT",
     "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD", "UNKNOWN")
)  # fmt: skip
_LONGEST_PAUSE_SECONDS = 60  # the queue remembers for 300 s where the site says nothing else (MinJobAge)


class QueueWatcher(SlurmInfoWatcher):
    """The states of the jobs that are registered; asked after 2, 4, 8 .. 60 s."""

    def __init__(self) -> None:
        super().__init__(delay_s=_LONGEST_PAUSE_SECONDS)

    def update(self) -> None:
        """Ask the queue. Where it does not answer, what was known stays: the controller may be starting anew."""
        left = self._registered - self._finished
        line = ["squeue", "--states=all", "--noheader", "--array", f"--user={os.getuid()}", "--format=%i %T"]
        if not left:
            return
        self._num_calls += 1
        asked = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - the words are ours
        if asked.returncode == 0:
            told = {words[0]: words[1] for row in asked.stdout.splitlines() if len(words := row.split()) == 2}
            self._info_dict.update({job: {"State": told.get(job, GONE)} for job in left})
        self._last_status_check = time.time()  # the clock that the class above compares it with
        self._finished.update(job for job in left if self.is_done(job, mode="cache"))

    def is_done(self, job_id: str, mode: str = "standard") -> bool:
        """Whether it has ended, well or not."""
        return self.get_state(job_id, mode=mode).upper() not in LIVE
