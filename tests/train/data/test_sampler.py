from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from train.data._sample import Sample
from train.data._sampler import batches, sampling_weights
from train.recipes import SamplingSpec


def make(count: int, label: int, source: str, **told: str) -> list[Sample]:
    return [
        Sample(f"{source}/{i}", Path(), label, source, "train", f"{source}{i}", **told)
        for i in range(count)
    ]


SAMPLES = [
    *make(90, 0, "gan"), *make(10, 0, "rare"),
    *make(40, 1, "ffhq"), *make(400, 1, "big"), *make(100, 1, "small"),
]  # fmt: skip


def take(spec: SamplingSpec, count: int, seed: int = 0) -> list:
    reconstructed = frozenset(f"small/{i}" for i in range(5))
    return list(islice(batches(SAMPLES, spec, 16, reconstructed, seed), count))


def test_half_of_every_batch_is_ai_and_pairs_stand_together() -> None:
    for batch in take(SamplingSpec(reconstructions=0.25), 20):
        assert len(batch) == 16
        assert sum(item.fake for item in batch) == 8
        pairs = [item for item in batch if item.pair >= 0]
        assert batch[: len(pairs)] == pairs
        assert len(pairs) == 4
        for fake, photo in zip(pairs[::2], pairs[1::2], strict=True):
            assert fake.pair == photo.pair
            assert fake.reconstructed and not photo.reconstructed
            assert fake.sample is photo.sample
            assert photo.sample.origin == "small"


def test_every_picture_comes_once_before_any_comes_again() -> None:
    seen = Counter(
        item.sample.name
        for batch in take(SamplingSpec(), 60)
        for item in batch
        if item.sample.origin == "gan"
    )
    assert max(seen.values()) - min(seen.values()) <= 1
    assert len(seen) == 90


def test_seed_decides() -> None:
    assert take(SamplingSpec(reconstructions=0.25), 5) == take(
        SamplingSpec(reconstructions=0.25), 5
    )
    assert take(SamplingSpec(reconstructions=0.25), 5) != take(
        SamplingSpec(reconstructions=0.25), 5, seed=1
    )


def test_shares_of_sources_add_up() -> None:
    shares = sampling_weights(
        {"a": 100, "b": 400, "c": 7}, SamplingSpec(weights={"c": 0.4}, exponent=0.5)
    )
    assert shares == pytest.approx({"a": 0.2, "b": 0.4, "c": 0.4})
    assert sampling_weights({"c": 7}, SamplingSpec(weights={"c": 0.4})) == {"c": 1.0}


def test_families_are_drawn_before_their_generators_and_kinds_before_origins() -> None:
    families = [
        *make(900, 0, "gan", family="stylegan", generator="stylegan2"),
        *make(50, 0, "old", family="stylegan", generator="stylegan"),
        *make(50, 0, "site", family="stylegan", generator="stylegan"),
        *make(250, 0, "rare", family="gemini"),
        *make(100, 1, "ffhq"), *make(60, 1, "web"), *make(40, 1, "staff"),
        *make(300, 1, "glossy", kind="retouched"),
    ]  # fmt: skip
    spec = SamplingSpec(weights={"ffhq": 0.5, "retouched": 0.25}, exponent=0.5)
    count = Counter(
        item.sample.origin
        for batch in islice(batches(families, spec, 16, frozenset(), 0), 800)
        for item in batch
    )
    share = {source: n / 6400 for source, n in count.items()}
    assert share["rare"] == pytest.approx(1 / 3, abs=0.03)  # of 250 to 1,000 pictures
    assert share["gan"] == pytest.approx(2 / 3 * 3 / 4, abs=0.03)  # of 900 to 100
    assert share["old"] == pytest.approx(share["site"], abs=0.02)
    assert share["ffhq"] == pytest.approx(0.5, abs=0.03)
    assert share["glossy"] == pytest.approx(0.25, abs=0.03)
    assert share["web"] + share["staff"] == pytest.approx(0.25, abs=0.03)
