"""Nodes built: planned, handed to workers or cluster jobs, watched, mirrored, and gone on with after a kill."""
