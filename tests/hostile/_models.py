"""Model directories that somebody changed: every one must be refused, in words that name it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fakeface._model import METADATA_KEY, read_model

Change = Callable[[Path], object]

_WRONG: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    2.5,
    "",
    "x\n\x1b[31m",
    [],
    [1],
    {},
    {"a": 1},
    [[]],
    "9" * 20_000,
)


def descriptions(good: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts of `model.json` that are not descriptions, by name."""
    for key, value in good.items():
        for number, wrong in enumerate(_WRONG):
            if type(wrong) is type(value) or (key == "crop" and wrong == {}):
                continue
            if key in ("classes", "licence") and not wrong:
                continue
            yield f"{key}-{number}", json.dumps({**good, key: wrong})
        if key not in (
            "classes",
            "operating_points",
            "settings",
            "provenance",
            "figures",
            "licence",
        ):
            yield f"{key}-missing", json.dumps({k: v for k, v in good.items() if k != key})
    nested: list[tuple[str, str, tuple[Any, ...]]] = [
        ("crop", "size", (31.5, "32", True, None, 0, 10**9, -32, [32])),
        ("crop", "margin", ("1.5", True, None, 0, 99, [1])),
        ("crop", "filter", (1, None, "", "nearest-of-all", ["bicubic"])),
        ("thresholds", "fake", ("0.7", True, None, -0.1, 1.1, [0.7])),
        ("thresholds", "real", ("0.3", False, None, -0.1, 0.9)),
    ]
    for outer, inner, values in nested:
        for number, wrong in enumerate(values):
            yield (
                f"{outer}-{inner}-{number}",
                json.dumps({**good, outer: {**good[outer], inner: wrong}}),
            )
    for outer in ("crop", "thresholds"):
        yield f"{outer}-more", json.dumps({**good, outer: {**good[outer], "more": 1}})
    point = good["operating_points"][0]
    for name, wrong_points in {
        "number": [1],
        "many": [point] * 101,
        "no-name": [{**point, "name": 5}],
        "no-number": [{**point, "fpr": "0.01"}],
        "beyond": [{**point, "threshold": 2}],
        "lacks": [{"name": "x"}],
        "more": [{**point, "more": 1}],
    }.items():
        yield f"points-{name}", json.dumps({**good, "operating_points": wrong_points})
    for name, classes in {"three": ["a", "b", "c"], "one": ["a"], "numbers": [1, 2]}.items():
        yield f"classes-{name}", json.dumps({**good, "classes": classes})
    text = json.dumps(good)
    for name, value in {"nan": "NaN", "infinity": "Infinity", "huge": "1e999"}.items():
        yield f"threshold-{name}", text.replace('"fake": 0.7', f'"fake": {value}')
        yield f"figures-{name}", text.replace('"figures": {}', f'"figures": {{"auc": {value}}}')
    yield "deep", "[" * 100_000
    yield "deep-objects", '{"a":' * 100_000
    yield (
        "deep-figures",
        text.replace('"figures": {}', '"figures": ' + '{"a":' * 500 + "1" + "}" * 500),
    )
    yield "twice", text[:-1] + ', "name": "other"}'
    yield "digits", text.replace('"format": 1', '"format": ' + "1" * 10_000)
    yield "format-true", text.replace('"format": 1', '"format": true')
    yield "sha", text.replace(good["sha256"], good["sha256"][:-1])
    yield "sha-upper", text.replace(good["sha256"], good["sha256"].upper()[:-1] + "G")
    for name, other in {
        "empty": "",
        "null": "null",
        "list": "[]",
        "text": '"x"',
        "cut": text[:50],
    }.items():
        yield f"json-{name}", other
    yield "large", text[:-1] + ', "more": "' + "x" * (5 << 20) + '"}'


def files() -> Iterator[tuple[str, Change]]:
    """What may lie in place of a file."""
    for name in ("model.json", "model.onnx"):
        replacements: dict[str, Change] = {
            "fifo": os.mkfifo,
            "zero": lambda path: path.symlink_to("/dev/zero"),
            "null": lambda path: path.symlink_to("/dev/null"),
            "dangling": lambda path: path.symlink_to("nowhere"),
            "circle": lambda path: path.symlink_to(path.name),
            "folder": Path.mkdir,
            "sparse": lambda path: path.touch() or os.truncate(path, 1 << 42),
            "binary": lambda path: path.write_bytes(b"\xff\xfe\0\0" * 9),
            "bom": lambda path: path.write_bytes(b"\xef\xbb\xbf{}"),
        }
        for kind, make in replacements.items():

            def change(model: Path, name: str = name, make: Change = make) -> None:
                (model / name).unlink()
                make(model / name)

            yield f"{name}-{kind}", change


def rewrite(model: Path, change: Callable[[onnx.ModelProto], None]) -> None:
    """Change the graph of a model, and describe the file that comes out as its own."""
    graph = onnx.load(model / "model.onnx")
    change(graph)
    data = graph.SerializeToString()
    (model / "model.onnx").write_bytes(data)
    file = model / "model.json"
    described = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**described, "sha256": hashlib.sha256(data).hexdigest()}))
    read_model(model)


def scores(
    values: Any, shape: tuple[Any, ...] | None = None, kind: int = TensorProto.FLOAT
) -> Change:
    """A model that always says the same."""

    def change(graph: onnx.ModelProto) -> None:
        constant = np.asarray(values, helper.tensor_dtype_to_np_dtype(kind))
        del graph.graph.node[:]
        del graph.graph.initializer[:]
        graph.graph.initializer.append(numpy_helper.from_array(constant, "constant"))
        graph.graph.node.append(helper.make_node("Identity", ["constant"], ["p_fake"]))
        del graph.graph.output[:]
        graph.graph.output.append(
            helper.make_tensor_value_info("p_fake", kind, shape or constant.shape)
        )

    return lambda model: rewrite(model, change)


def external(model: Path) -> None:
    """Weights in another file, which lies in the current directory."""

    def change(graph: onnx.ModelProto) -> None:
        tensor = graph.graph.initializer[0]
        Path("weights.bin").write_bytes(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")

    rewrite(model, change)


def external_constant(model: Path) -> None:
    """Weights in another file, of a constant inside a branch."""

    def change(graph: onnx.ModelProto) -> None:
        tensor = numpy_helper.from_array(np.zeros(3, np.float32), "c")
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")
        inner = helper.make_graph(
            [helper.make_node("Constant", [], ["k"], value=tensor)],
            "inner",
            [],
            [helper.make_tensor_value_info("k", TensorProto.FLOAT, [3])],
        )
        condition = helper.make_node(
            "Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True), "t")
        )
        branch = helper.make_node("If", ["yes"], ["unused"], then_branch=inner, else_branch=inner)
        graph.graph.node.extend([condition, branch])

    rewrite(model, change)


def _metadata(value: str | None) -> Change:
    def change(graph: onnx.ModelProto) -> None:
        kept = [p for p in graph.metadata_props if p.key != METADATA_KEY]
        del graph.metadata_props[:]
        graph.metadata_props.extend(kept)
        if value is not None:
            graph.metadata_props.add(key=METADATA_KEY, value=value)

    return lambda model: rewrite(model, change)


def _other_input(graph: onnx.ModelProto) -> None:
    graph.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 64


def _dead_loop(graph: onnx.ModelProto) -> None:
    graph.graph.node[0].op_type = "NoSuchOperator"


def graphs() -> Iterator[tuple[str, Change]]:
    """Models whose file is the one described, and is not what it should be."""
    for name, value in {
        "nan": np.nan, "infinite": np.inf, "above": 123.0, "just-above": 1.001, "below": -0.5,
    }.items():  # fmt: skip
        yield f"score-{name}", scores([value])
    yield "scores-two-for-one", scores([0.5, 0.5])
    yield "scores-none", scores(np.zeros(0))
    yield "scores-in-a-square", scores(np.full((2, 2), 0.5))
    yield "scores-double", scores([0.5], kind=TensorProto.DOUBLE)
    yield "scores-whole", scores([1], kind=TensorProto.INT64)
    yield "external", external
    yield "external-constant", external_constant
    yield "no-metadata", _metadata(None)
    for name, text in {
        "cut": "{",
        "deep": "[" * 100_000,
        "list": "[]",
        "nan": '{"a": NaN}',
    }.items():
        yield f"metadata-{name}", _metadata(text)
    yield "other-input", lambda model: rewrite(model, _other_input)
    yield "unknown-operator", lambda model: rewrite(model, _dead_loop)
    yield "ort-format", lambda model: _bytes(model, b"\x18\0\0\0ORTM" + bytes(100))
    yield "provider-context", lambda model: _bytes(model, b"\x08\x0a:\x0bEPContext")
    yield "no-protobuf", lambda model: _bytes(model, b"location" * 20)


def _bytes(model: Path, data: bytes) -> None:
    (model / "model.onnx").write_bytes(data)
    file = model / "model.json"
    described = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**described, "sha256": hashlib.sha256(data).hexdigest()}))


def tampered(good: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Write every one of them, one after the other.

    Args:
        good: A whole classifier.
        folder: Where to write.

    Yields:
        What is wrong, and the model.
    """
    described = json.loads((good / "model.json").read_text(encoding="utf-8"))
    for name, text in descriptions(described):
        model = Path(shutil.copytree(good, folder / name))
        (model / "model.json").write_text(text, encoding="utf-8")
        yield name, model
    for name, change in (*files(), *graphs()):
        model = Path(shutil.copytree(good, folder / name))
        change(model)
        yield name, model
