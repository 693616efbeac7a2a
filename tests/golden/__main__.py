from __future__ import annotations

from export import write_golden
from fakeface.model_directory import MODELS, bundled_models
from tests.conftest import SAMPLES
from tests.golden import GOLDENS

for stale in GOLDENS.glob("*.json"):
    stale.unlink()
for name in bundled_models():
    print(write_golden(MODELS / name))  # noqa: T201
    print(write_golden(MODELS / name, SAMPLES, GOLDENS / f"{name}.json"))  # noqa: T201
