from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from fakeface import Detector, ModelError, ProviderError, available_providers
from fakeface._model import find_model, load_model
from fakeface._processors import default_threads
from fakeface._provider_names import AUTO
from fakeface._providers import default_batch, open_session, provider_options, session_options
from fakeface.diagnostics._bench import PORTRAIT
from fakeface.diagnostics._golden import GOLDEN, Golden, reproduce
from tests._models import SIZE, make_classifier

HERE = [name for name in available_providers() if name != "cpu"]
"""Providers of this installation besides the CPU."""


@pytest.mark.parametrize(
    ("name", "faces"),
    [("cpu", 1), ("CPUExecutionProvider", 1), ("OpenVINO", 4), ("CUDAExecutionProvider", 8)],
)
def test_a_cpu_judges_face_by_face(name, faces):
    assert default_batch(name) == faces


def test_the_presets_of_sessions():
    options = session_options(2)
    assert options.intra_op_num_threads == 2
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.enable_cpu_mem_arena
    assert not options.enable_mem_pattern
    assert session_options().intra_op_num_threads == default_threads()
    with pytest.raises(ValueError, match="threads"):
        session_options(0)


def test_a_session_does_not_keep_the_bytes_of_its_model():
    info, data = load_model(find_model("edge"), "classifier")
    held = sys.getrefcount(data)
    session = open_session(info.name, data, "cpu", 1)
    assert sys.getrefcount(data) == held
    assert session.get_inputs()[0].name == "image"


def test_the_presets_of_providers():
    assert provider_options("OpenVINOExecutionProvider", 3)["num_of_threads"] == "3"
    assert provider_options("cuda", 1)["use_tf32"] == "0"
    assert provider_options("CPUExecutionProvider", 1) == {}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_threads_are_as_many_as_this_process_may_use():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert default_threads() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_a_session_takes_the_preset_and_batches_of_any_size(tmp_path):
    _, data = load_model(make_classifier(tmp_path / "red"), "classifier")
    session = open_session("red", data, "auto", threads=2)
    assert session.get_session_options().intra_op_num_threads == 2
    for count in (1, 5, 2):
        crops = np.zeros((count, SIZE, SIZE, 3), np.uint8)
        assert session.run(["p_fake"], {"image": crops})[0].size == count


def test_what_is_no_model_is_an_error_and_prints_nothing(capfd):
    with pytest.raises(ModelError, match="ONNX Runtime cannot run it"):
        open_session("red", b"no model", "cpu")
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", HERE or [pytest.param("", marks=pytest.mark.skip("only the CPU"))])
def test_other_providers_agree_with_the_cpu_or_say_why_not(name, capfd):
    golden = Golden.read(find_model(None) / GOLDEN, "default")
    try:
        detector = Detector(provider=name)
    except ProviderError as error:
        assert "does not start" in str(error)
    else:
        assert reproduce(golden, detector).wrong == ()
    assert capfd.readouterr().out == ""


@pytest.mark.skipif(not set(AUTO) & set(HERE), reason="auto has no choice here")
def test_auto_runs_in_any_case():
    assert Detector().predict(PORTRAIT).ok
