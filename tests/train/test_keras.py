import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from train._keras import isolate_keras

FOREIGN = {"backend": "jax", "floatx": "float16", "image_data_format": "channels_first"}


def test_a_backend_that_was_asked_for_is_named(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", "/data/keras")
    home, note = isolate_keras()
    assert home == Path("/data/keras")
    assert note == "KERAS_BACKEND=torch is ignored: TensorFlow is needed"
    assert isolate_keras() == (Path("~/.keras").expanduser(), "")


@pytest.mark.train
def test_settings_of_other_programs_have_no_effect(tmp_path):
    text = json.dumps(FOREIGN)
    pytest.importorskip("tensorflow", reason="needs the extra `train`")
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(text)
    asked = {"KERAS_BACKEND": "jax", "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1"}
    code = (
        "from train.command_line import silence_tensorflow; silence_tensorflow()\n"
        "import keras\n"
        "from keras import config\n"
        "print(config.backend(), config.floatx(), config.image_data_format(), config.epsilon(),"
        " config.max_epochs(), config.max_steps_per_epoch())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "tensorflow",
        "float32",
        "channels_last",
        "1e-07",
        "None",
        "None",
    ]
    assert (tmp_path / ".keras" / "keras.json").read_text() == text
