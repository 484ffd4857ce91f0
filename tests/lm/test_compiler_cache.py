"""What is found out once a machine: the trace of a graph with autocast in it, and which vector instructions work."""

import pytest
import torch
import torch._inductor.config as settings
from torch._functorch._aot_autograd.autograd_cache import BypassAOTAutogradCache, check_node_safe
from torch._inductor import cpp_builder, cpu_vec_isa
from torch.amp import autocast_mode

from pipeline.lm.models import inductor


@pytest.mark.parametrize("name", ["_enter_autocast", "_exit_autocast"])
def test_autocast_no_longer_keeps_a_graph_out_of_the_cache(name):
    graph = torch.fx.Graph()
    node = graph.call_function(getattr(autocast_mode, name), ("cpu", torch.bfloat16, True, None))
    with settings.patch(unsafe_marked_cacheable_functions={"a.function": "1"}):
        with pytest.raises(BypassAOTAutogradCache):
            check_node_safe(node)
        inductor.remember()
        check_node_safe(node)
        assert settings.unsafe_marked_cacheable_functions["a.function"] == "1"


@pytest.mark.parametrize(("works", "asked_again"), [(["avx512", "avx2"], False), (["avx2"], True)])
def test_a_machine_is_asked_for_its_vector_instructions_until_all_of_them_work(
    monkeypatch, tmp_path, works, asked_again
):
    asked = []
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", lambda: "compiler")
    monkeypatch.setattr(cpu_vec_isa, "x86_isa_checker", lambda: ["avx2", "avx512"])
    monkeypatch.setattr(cpu_vec_isa, "valid_vec_isa_list", lambda: asked.append("now") or works)
    for _ in range(2):  # processes
        with settings.patch({"cpp.vec_isa_ok": None}):
            inductor.recall_vectors()
            assert settings.cpp.vec_isa_ok is (None if asked_again else True)
    assert len(asked) == 1 + asked_again


def test_another_compiler_is_asked_anew_and_the_user_s_word_stands(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", lambda: "compiler")
    monkeypatch.setattr(cpu_vec_isa, "x86_isa_checker", lambda: ["avx2"])
    monkeypatch.setattr(cpu_vec_isa, "valid_vec_isa_list", lambda: asked.append("now") or ["avx2"])
    for version in ("1", "2"):
        monkeypatch.setattr(cpp_builder, "get_compiler_version_info", lambda _, version=version: version)
        with settings.patch({"cpp.vec_isa_ok": None}):
            inductor.recall_vectors()
    assert len(asked) == 2
    with settings.patch({"cpp.vec_isa_ok": False}):
        inductor.recall_vectors()
        assert settings.cpp.vec_isa_ok is False
