from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from train.data._sample import Sample
from train.data._sampler import batches, sampling_weights
from train.recipes import SamplingSpec


def samples() -> list[Sample]:
    def make(count: int, label: int, source: str, pair: str = "") -> list[Sample]:
        return [
            Sample(
                f"{source}/{i}",
                Path(),
                label,
                source,
                "train",
                f"{source}{i}",
                None,
                f"{pair}/{i}" if pair else None,
            )
            for i in range(count)
        ]

    return [
        *make(90, 0, "gan"), *make(10, 0, "rare"), *make(20, 0, "decoder", "ffhq"),
        *make(40, 1, "ffhq"), *make(400, 1, "big"), *make(100, 1, "small"),
    ]  # fmt: skip


def take(spec: SamplingSpec, count: int, seed: int = 0) -> list:
    reconstructed = frozenset(f"small/{i}" for i in range(5))
    return list(islice(batches(samples(), spec, 16, reconstructed, seed), count))


def test_half_of_every_batch_is_ai_and_pairs_stand_together() -> None:
    for batch in take(SamplingSpec(pairs=0.25, reconstructions=0.125), 20):
        assert len(batch) == 16
        assert sum(item.fake for item in batch) == 8
        pairs = [item for item in batch if item.pair >= 0]
        assert batch[: len(pairs)] == pairs
        assert len(pairs) == 6
        for fake, photo in zip(pairs[::2], pairs[1::2], strict=True):
            assert fake.pair == photo.pair
            assert fake.fake and not photo.fake
            assert fake.reconstructed == (photo.sample.origin == "small")
            assert fake.sample.pair == photo.sample.name or fake.sample is photo.sample


def test_shares_hold() -> None:
    singles = Counter(
        item.sample.origin
        for batch in take(SamplingSpec(0.0, 0.0, {"ffhq": 0.5}, 0.5), 500)
        for item in batch
        if not item.fake
    )
    total = sum(singles.values())
    assert singles["ffhq"] / total == pytest.approx(0.5, abs=0.03)
    assert singles["big"] / singles["small"] == pytest.approx(2, rel=0.15)


def test_every_picture_comes_once_before_any_comes_again() -> None:
    seen = Counter(
        item.sample.name
        for batch in take(SamplingSpec(0.0, 0.0), 60)
        for item in batch
        if item.sample.origin == "gan"
    )
    assert max(seen.values()) - min(seen.values()) <= 1
    assert len(seen) == 90


def test_seed_decides() -> None:
    assert take(SamplingSpec(), 5) == take(SamplingSpec(), 5)
    assert take(SamplingSpec(), 5) != take(SamplingSpec(), 5, seed=1)


def test_shares_of_sources_add_up() -> None:
    shares = sampling_weights(
        {"a": 100, "b": 400, "c": 7}, SamplingSpec(weights={"c": 0.4}, exponent=0.5)
    )
    assert shares == pytest.approx({"a": 0.2, "b": 0.4, "c": 0.4})
    assert sampling_weights({"c": 7}, SamplingSpec(weights={"c": 0.4})) == {"c": 1.0}


def test_pairs_have_to_do_as_single_pictures_where_there_are_no_others() -> None:
    aligned = [s for s in samples() if s.label == 1 or s.pair]
    for batch in islice(batches(aligned, SamplingSpec(pairs=0.25), 16, frozenset(), 0), 20):
        assert len(batch) == 16
        assert sum(item.fake for item in batch) == 8
        assert sum(item.pair >= 0 for item in batch) == 4


def families() -> list[Sample]:
    def make(count: int, label: int, source: str, **told: str) -> list[Sample]:
        return [
            Sample(f"{source}/{i}", Path(), label, source, "train", f"{source}{i}", **told)
            for i in range(count)
        ]

    return [
        *make(900, 0, "gan", family="stylegan", generator="stylegan2"),
        *make(50, 0, "old", family="stylegan", generator="stylegan"),
        *make(50, 0, "site", family="stylegan", generator="stylegan"),
        *make(250, 0, "rare", family="gemini"),
        *make(100, 1, "ffhq"), *make(60, 1, "web"), *make(40, 1, "staff"),
        *make(300, 1, "glossy", kind="retouched"),
    ]  # fmt: skip


def test_families_are_drawn_before_their_generators_and_kinds_before_origins() -> None:
    spec = SamplingSpec(0.0, 0.0, {"ffhq": 0.5, "retouched": 0.25}, 0.5, "family")
    count = Counter(
        item.sample.origin
        for batch in islice(batches(families(), spec, 16, frozenset(), 0), 800)
        for item in batch
    )
    share = {source: n / 6400 for source, n in count.items()}
    assert share["rare"] == pytest.approx(1 / 3, abs=0.03)  # of 250 to 1,000 pictures
    assert share["gan"] == pytest.approx(2 / 3 * 3 / 4, abs=0.03)  # of 900 to 100
    assert share["old"] == pytest.approx(share["site"], abs=0.02)
    assert share["ffhq"] == pytest.approx(0.5, abs=0.03)
    assert share["glossy"] == pytest.approx(0.25, abs=0.03)
    assert share["web"] + share["staff"] == pytest.approx(0.25, abs=0.03)


def test_photographs_beside_their_reconstructions_say_so() -> None:
    for batch in take(SamplingSpec(pairs=0.25, reconstructions=0.125), 5):
        assert [item.counterpart for item in batch] == [False] * 5 + [True] + [False] * 10


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pairs": 0.8, "reconstructions": 0.8}, "exceed a batch, got 1.6"),
        ({"reconstructions": -0.1}, r"sampling\.reconstructions must be from 0 to 1"),
        ({"by": "size"}, r"sampling\.by must be one of source, family, got 'size'"),
        ({"weights": {"ffhq": 1.5}}, r"sampling\.weights\.ffhq"),
    ],
)
def test_shares_of_which_no_batch_can_be_made_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SamplingSpec(**wrong)
