"""What benchmarks ask of the models that they compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from fakeface.model_directory import find_model, read_model


def check_distinct_names(models: Iterable[str | Path]) -> None:
    """Check that models have distinct names, which their results are listed under.

    Args:
        models: Names or directories of models.

    Raises:
        ModelError: A model cannot be read.
        ValueError: Two models have the same name.
    """
    names = Counter(read_model(find_model(model)).name for model in models)
    if repeated := sorted(name for name, count in names.items() if count > 1):
        raise ValueError(
            f"two models have the same name, {', '.join(repeated)}: their results could not be"
            " distinguished"
        )
