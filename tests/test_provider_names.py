from __future__ import annotations

import onnxruntime as ort
import pytest

from fakeface import ProviderError, available_providers
from fakeface._provider_names import INSTALL, resolve_provider, short_name


def test_the_cpu_is_always_there():
    assert "cpu" in available_providers()
    assert resolve_provider("auto")[-1] == "CPUExecutionProvider"


@pytest.mark.parametrize("name", ["cpu", "CPU", "CPUExecutionProvider", "cpuexecutionprovider"])
def test_a_provider_goes_by_short_and_full_name(name):
    assert resolve_provider(name) == ("CPUExecutionProvider",)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("CUDAExecutionProvider", "cuda"),
        ("DmlExecutionProvider", "dml"),
        ("DirectML", "dml"),
        ("CoreMLExecutionProvider", "coreml"),
        ("OpenVINO", "openvino"),
    ],
)
def test_short_names(name, short):
    assert short_name(name) == short


@pytest.mark.parametrize("name", ["cuda", "CoreML", "OpenVINO", "DirectML"])
def test_providers_that_are_not_here_tell_what_brings_them(name):
    assert f"{short_name(name)}executionprovider" in map(str.lower, ort.get_all_providers())
    if short_name(name) in available_providers():
        pytest.skip("it is here")
    with pytest.raises(ProviderError, match=r"available: auto, .*cpu") as caught:
        resolve_provider(name)
    assert str(caught.value).endswith(INSTALL[short_name(name)])


def test_an_unknown_provider_is_an_error_that_lists_what_there_is():
    with pytest.raises(ProviderError, match=r"available: auto, .*cpu") as caught:
        resolve_provider("quantum")
    assert caught.value.requested == "quantum"
    assert "cpu" in caught.value.available


def test_a_provider_of_models_that_run_elsewhere_is_not_offered(monkeypatch):
    names = ["AzureExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: names)
    assert available_providers() == ("cpu",)
    assert resolve_provider("auto") == ("CPUExecutionProvider",)
    with pytest.raises(ProviderError, match="available: auto, cpu"):
        resolve_provider("azure")
