"""The one error that is the user's: a clear line, exit code 2, no stack."""


class UserError(Exception):
    """Names the thing, the value and the next step in one line; the door prints it and exits 2.

    A programmer's mistake is an `assert` or an ordinary exception instead, and keeps its stack.
    """
