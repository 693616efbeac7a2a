import pytest

from benchmarks.speed._layers import WARM, Layer, kind_of, layers_of, peak_throughput, summary


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "kind", "operations"),
    [
        ("Conv", [[1, 16, 8, 8], [32, 16, 1, 1], [32]], [[1, 32, 8, 8]], "pointwise", 65536),
        ("FusedConv", [[2, 16, 8, 8], [16, 1, 3, 3]], [[2, 16, 8, 8]], "depthwise", 36864),
        ("Conv", [[1, 3, 8, 8], [4, 3, 3, 3]], [[1, 4, 4, 4]], "other convolutions", 3456),
        (  # channels last, with scales and zero points between
            "QLinearConv",
            [[1, 8, 8, 16], [], [], [32, 16, 1, 1], [32], [32], [], [], [32]],
            [[1, 8, 8, 32]],
            "pointwise",
            65536,
        ),
        ("MatMul", [[578, 672], [672, 1]], [[578, 1]], "matrix products", 776832),
        ("FusedGemm", [[1, 4], [4, 3], [3]], [[1, 3]], "matrix products", 24),
        ("Slice", [[1, 272, 272, 3], [3]], [[1, 272, 272, 3]], "all else", 0),
    ],
)
def test_arithmetic_follows_from_the_shapes(operator, inputs, outputs, kind, operations):
    assert kind_of(operator, inputs, outputs) == (kind, operations)


def test_first_runs_do_not_count():
    def event(duration):
        return {
            "cat": "Node",
            "name": "conv_kernel_time",
            "dur": duration,
            "args": {"op_name": "Conv", "node_index": "3"},
        }

    events = [event(9000)] * WARM + [event(d) for d in (2000, 1000, 3000)]
    events.append({"cat": "Session", "name": "model_run", "dur": 5, "args": {}})
    assert layers_of(events, {("3", "conv"): ("pointwise", 10**9)}) == [
        Layer("conv", "Conv", "pointwise", 10**9, 2.0)
    ]
    assert layers_of(events[:1], {}) == [Layer("conv", "Conv", "all else", 0, 9.0)]


def test_small_layers_do_not_set_the_peak_throughput():
    layers = [
        Layer("large", "Conv", "pointwise", 20_000_000, 0.1),
        Layer("larger", "Conv", "pointwise", 20_000_000, 0.4),
        Layer("small", "MatMul", "matrix products", 1_000_000, 0.001),
        Layer("int8", "QLinearConv", "depthwise", 50_000_000, 0.1),
        Layer("copy", "Slice", "all else", 0, 5.0),
    ]
    peaks = peak_throughput(layers)
    assert peaks == {"fp32": pytest.approx(200), "int8": pytest.approx(500)}
    totals = summary(layers, peaks)
    assert totals["lower_bound_ms"] == pytest.approx(0.1 + 0.1 + 0.001 + 0.1)
    assert totals["kinds"]["pointwise"] == {
        "count": 2,
        "operations": 40_000_000,
        "ms": 0.5,
        "share": pytest.approx(0.5 / 5.601, abs=1e-4),
        "speed": 80.0,
    }
    assert [layer["name"] for layer in totals["layers"]][:2] == ["copy", "larger"]


def test_layers_too_short_to_time_have_no_speed():
    layers = [Layer("short", "MatMul", "matrix products", 96, 0.0)]
    assert peak_throughput(layers) == {}
    totals = summary(layers, {})
    assert totals["lower_bound_ms"] == 0
    assert totals["operations"] == 96
