import pickle

import pytest

from fakeface import FakefaceError, ImageError, ModelError, ProviderError

ERRORS = [
    (ImageError("a\nb.jpg", "is truncated"), "a\\nb.jpg: is truncated"),
    (ModelError("edge", "has no model.onnx"), "model edge: has no model.onnx"),
    (
        ProviderError("rocm", ["auto", "cpu"]),
        "execution provider 'rocm' is not available here; available: auto, cpu",
    ),
]


@pytest.mark.parametrize(("error", "text"), ERRORS, ids=lambda v: type(v).__name__)
def test_errors_are_one_line_and_of_one_family(error, text):
    assert isinstance(error, FakefaceError)
    assert str(error) == text


@pytest.mark.parametrize("error", [e for e, _ in ERRORS], ids=lambda v: type(v).__name__)
def test_errors_survive_another_process(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_a_provider_that_does_not_start_is_not_called_missing():
    text = str(ProviderError("CUDA", ["cuda", "cpu"], "A library is missing"))
    assert text == (
        "execution provider 'CUDA' is installed, but does not start. A library is missing"
    )
