import pytest
from benchmark_files import write_files


@pytest.fixture(scope="session")
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    write_files(root)
    return root
