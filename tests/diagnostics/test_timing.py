from __future__ import annotations

import time

from fakeface.diagnostics._timing import Timing, interleaved, timed


def test_percentiles_by_hand():
    timing = Timing.of([n / 1000 for n in range(101)])
    assert (timing.n, timing.mean, timing.p50, timing.p90, timing.p99) == (101, 50, 50, 90, 99)
    assert Timing.of([0.002]).as_dict() == {"n": 1, "mean": 2, "p50": 2, "p90": 2, "p99": 2}


def test_variants_are_measured_in_turns_and_equally_often():
    calls = []
    variants = {name: timed(lambda name=name: calls.append(name)) for name in "abc"}
    timings = interleaved(variants, seconds=0, least=6)
    assert "".join(calls[:6]) == "abcabc"  # warming up, not counted
    assert "".join(calls[6:]) == "abcbcacab" * 2
    assert {timing["whole"].n for timing in timings.values()} == {6}


def test_a_slower_variant_is_seen_to_be_slower():
    variants = {"short": timed(lambda: None), "long": timed(lambda: time.sleep(0.003))}
    timings = interleaved(variants, seconds=0.05)
    assert timings["long"]["whole"].p50 >= 3
    assert timings["short"]["whole"].p50 < timings["long"]["whole"].p50
