"""Describe what is installed: versions, models, providers, formats."""

from __future__ import annotations

from typing import Any

from fakeface._model import DEFAULT_MODEL, MODELS, bundled_models, read_model
from fakeface._optional_models import fetched, load_delta, optional_models
from fakeface._provider_names import available_providers
from fakeface.diagnostics._environment import versions
from fakeface.images._decode import readable_formats
from fakeface.provenance._trust import DATE


def installed() -> dict[str, Any]:
    """Describe what is installed, as `fakeface info` shows it.

    Returns:
        Plain values, ready for JSON: `versions`, `providers`, `formats` of pictures that can be
        read here, the date of the C2PA's `trust_list`, and the `models` with their thresholds,
        `here` or to be fetched first.
    """
    models = []
    optional = optional_models()
    for name in (*bundled_models(), *optional):
        model = read_model(MODELS / name)
        size = load_delta(name).size if name in optional else model.onnx.stat().st_size
        assert model.crop is not None
        described = model.as_dict()
        models.append(
            {
                "name": name,
                "version": model.version,
                "default": name == DEFAULT_MODEL,
                "here": name not in optional or fetched(name) is not None,
                "megabytes": round(size / 1e6, 1),
                "input": model.crop.size,
                "thresholds": described["thresholds"],
                "operating_points": [
                    {**point.as_dict(), "rates": model.rates(point)}
                    for point in model.operating_points
                ],
                "sha256": model.sha256,
            }
        )
    return {
        "versions": versions(),
        "providers": list(available_providers()),
        "formats": list(readable_formats()),
        "trust_list": DATE,
        "models": models,
    }
