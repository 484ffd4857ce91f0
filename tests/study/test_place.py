"""What is said of the place that a store has."""

import io

from rich.console import Console

from pipeline.study import place


def test_kernel_locks_on_a_network_file_system_are_remarked_on_and_leases_are_not(study, tmp_path, monkeypatch):
    monkeypatch.setattr(place, "network_kind", lambda _: "nfs4")

    def said(lock):
        heard = io.StringIO()
        place.say_network(Console(file=heard, width=300), study(f"store={tmp_path}", f"lock={lock}").context)
        return heard.getvalue()

    assert said("lease") == ""
    assert (
        "is on a network file system (nfs4), where lock=kernel may not reach other machines; give lock=lease"
        in said("kernel")
    )
