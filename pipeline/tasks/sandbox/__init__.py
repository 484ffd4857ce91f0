"""Where programs that a model wrote are run: a process without network, without files, with limits on all it uses.

In: the text of a Python program (an answer with its tests behind it) and its limits. Out: what became of
it. The walls are bubblewrap's namespaces and the kernel's limits; where they cannot be had, nothing runs.

Reading order: `outcome` (limits in, result out), `run` (the verbs `run_python` and `run_all`), `cage` (the
walls), `calls` (the system calls that are refused), `inside` (what runs behind the walls), `ready` (are the
walls there?), `code_eval` (the same verb with the face of Hugging Face's metric).
"""
