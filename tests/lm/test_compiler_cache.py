"""Torch keeps the trace of a graph with autocast in it once it has been told that it may."""

import pytest
import torch
import torch._inductor.config as settings
from torch._functorch._aot_autograd.autograd_cache import BypassAOTAutogradCache, check_node_safe
from torch.amp import autocast_mode

from pipeline.lm import inductor


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
