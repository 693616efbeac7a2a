from __future__ import annotations

import pytest

from benchmarks.speed._projection import project

CELLS = [
    {"way": "one run", "workers": 1, "cpu_ms": 20.0, "private_mb": 100},
    {"way": "one run", "workers": 2, "cpu_ms": 25.0, "private_mb": 110},
    {"way": "threads", "workers": 1, "cpu_ms": 20.0, "private_mb": 100},
    {"way": "threads", "workers": 2, "cpu_ms": 20.0, "private_mb": 120},
    {"way": "processes", "workers": 1, "cpu_ms": 20.0, "private_mb": 100},
    {"way": "processes", "workers": 2, "cpu_ms": 20.0, "private_mb": 200},
]
PARTS = {"python": 2.0, "model_on_one_core": 10.0, "model_on_all_cores": 6.0}
"""By Amdahl's law the model takes 2 ms, and 8 ms divided by the cores."""


@pytest.mark.parametrize(
    ("way", "cores", "per_second", "limit", "megabytes"),
    [
        ("one run", 4, 160, "cores", 110),
        ("one run", 16, 400, "model", 110),
        ("threads", 4, 200, "cores", 160),
        ("threads", 16, 500, "python", 400),
        ("processes", 16, 800, "cores", 1600),
    ],
)
def test_projections_by_hand(way, cores, per_second, limit, megabytes):
    (row,) = project([c for c in CELLS if c["way"] == way], PARTS, [cores], [way])
    assert (row["per_second"], row["limit"], row["private_mb"]) == (per_second, limit, megabytes)


def test_a_model_that_more_cores_make_slower_does_not_scale():
    parts = {**PARTS, "model_on_all_cores": 12.0}
    rows = project(CELLS, parts, [8, 64], ["one run"])
    assert [row["per_second"] for row in rows] == [100, 100]


def test_memory_that_was_not_measured_is_not_projected():
    cells = [{**cell, "private_mb": None} for cell in CELLS]
    assert {row["private_mb"] for row in project(cells, PARTS)} == {None}
