import pytest

from fakeface import ProviderError, available_providers
from fakeface._providers import resolve_provider, session_options


def test_the_cpu_is_always_there():
    assert "cpu" in available_providers()
    assert resolve_provider("auto")[-1] == "CPUExecutionProvider"


@pytest.mark.parametrize("name", ["cpu", "CPU", "CPUExecutionProvider"])
def test_a_provider_goes_by_short_and_full_name(name):
    assert resolve_provider(name) == ("CPUExecutionProvider",)


def test_an_unknown_provider_is_an_error_that_lists_what_there_is():
    with pytest.raises(ProviderError, match=r"available: auto, .*cpu") as caught:
        resolve_provider("quantum")
    assert caught.value.requested == "quantum"
    assert "cpu" in caught.value.available


def test_threads_do_not_spin():
    options = session_options(2)
    assert options.intra_op_num_threads == 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    with pytest.raises(ValueError, match="threads"):
        session_options(0)
