"""The README of the face finder."""

from __future__ import annotations

from fakeface._model import ModelInfo


def faces_card(near: ModelInfo, far: ModelInfo) -> str:
    """Write the face finder's model card.

    Args:
        near: The short range network, with what was measured of the finder in its figures.
        far: The full range network.

    Returns:
        Markdown.
    """
    rows = []
    for where, info in (("`model.onnx`", near), ("`far/model.onnx`", far)):
        made = info.provenance
        rows.append(
            f"| {where} | {made['made_from']} | `{made['file']}` of {made['package']},"
            f" sha256 `{made['file_sha256'][:16]}…` | {made['largest_difference_from_tflite']:.1e} |"
        )
    lines = [
        f"# {near.name} {near.version}",
        "",
        "Finds the faces in a picture: two networks of MediaPipe's BlazeFace (Bazarevsky et al."
        " 2019, arXiv 1907.05047), converted to ONNX. The short range network looks first; the full"
        " range network confirms what it is not sure of and looks for small faces. How the two work"
        " together stands in `fakeface/_faces.py`.",
        "",
        "| file | network | made from | largest difference from TensorFlow Lite |",
        "|---|---|---|---|",
        *rows,
        "",
        f"Boxes are shifted by {near.settings['shift']} and scaled by {near.settings['scale']} of"
        " their sides (width, height), fitted once on training pictures so that a box means forehead"
        f" to chin. Faces below about {near.settings['smallest']} pixels on the input are not looked"
        " for.",
        "",
        "## Limits",
        "",
        "It misses faces in profile, covered faces and faces that are mostly out of the picture more"
        " often than frontal ones, and it may take a drawing or a statue for a face. It does not tell"
        " who anybody is.",
        "",
        *(["## Figures", "", *(f"- {key}: {value}" for key, value in near.figures.items()), ""]
          if near.figures else []),
        "## What made it",
        "",
        f"`{near.provenance['command']}`, with"
        f" {', '.join(f'{k} {v}' for k, v in near.provenance['versions'].items())}.",
        "",
        "## Licence",
        "",
        f"{near.licence}.",
        "",
    ]  # fmt: skip
    return "\n".join(lines)
