"""The model card of the face finder."""

from __future__ import annotations

from typing import Any

from fakeface import ModelInfo


def faces_card(near: ModelInfo, far: ModelInfo, figures: dict[str, Any] | None) -> str:
    """Write the card from the two descriptions.

    Args:
        near: The short range network.
        far: The full range network.
        figures: What `python -m benchmarks faces` measured; None where it was not.

    Returns:
        Markdown.
    """
    return f"""# {near.name} {near.version}

Finds the faces in a picture, so that a classifier sees a face and nothing else. Two networks of
MediaPipe's BlazeFace (Bazarevsky et al. 2019, arXiv:1907.05047), converted from the PyPI package
`{near.provenance["package"].replace(" ", "` ")} by `{near.provenance["command"]}`:

| | file | made from | sha256 of model.onnx |
|---|---|---|---|
| near | `model.onnx` | `{near.provenance["file"]}` | `{near.sha256}` |
| far | `far/model.onnx` | `{far.provenance["file"]}` | `{far.sha256}` |

## How it looks

1. The near network sees the whole picture at {near.settings["side"]} pixels; where it is not sure,
   once more with a border around it, for faces that fill the picture.
2. What it merely suspects counts only when the far network, looking closer, agrees.
3. Where no face or only small ones were found, the far network looks at the picture at growing
   sizes, and now the near network has to agree.

The boxes of both networks are calibrated once (`shift` and `scale` in `model.json`: medians over
a training split of face pictures, against the boxes of YuNet) so that both span forehead to chin.

## What it is not for

It does not tell whose face it is, and it is not made for crowds: of faces far smaller than the
largest in the picture some are left out, and faces below about a thirtieth of the picture's
longer side are usually missed. Faces in profile, under masks or heavily turned are found less
often. A robot's or a doll's face may count as a face. Google's model card for BlazeFace reports
its figures for regions and skin tones; they were not repeated here.

## What made it

`{near.provenance["command"]}`, with {_versions(near)}; outputs differ from
TensorFlow Lite's by at most {_difference(near)} (near) and {_difference(far)} (far).

## Figures

{_figures(figures)}
## Licence

{near.licence}. The package that holds the files adds its own code under the MIT licence; none of
it is used.
"""


def _difference(info: ModelInfo) -> str:
    return f"{info.provenance['largest_difference_from_tflite']:.1e}"


def _versions(info: ModelInfo) -> str:
    return ", ".join(f"{name} {number}" for name, number in info.provenance["versions"].items())


def _figures(figures: dict[str, Any] | None) -> str:
    if not figures:
        return "Not measured for this export: `python -m benchmarks faces --data DIR`.\n"
    sources = "\n".join(
        f"| {row['source']} | {row['pictures']} | {row['recall']:.1%} | {row['median_iou']:.2f} |"
        for row in figures["sources"]
    )
    scenes = "\n".join(
        f"| {row['from']} to {row['below']} | {row['scenes']} | {row['recall']:.1%} |"
        f" {row['false_faces']} |"
        for row in figures["scenes"]
    )
    without = figures["without_people"]
    return f"""`python -m benchmarks faces` against the boxes of another finder (YuNet), IoU .5:

| source | pictures | recall | median IoU |
|---|---:|---:|---:|
{sources}

False faces on {without["pictures"]} pictures of scikit-image without people:
{", ".join(without["false_faces"]) or "none"}.

One face pasted into scenes of 1,280 pixels, by the longer side of the face in pixels:

| face | scenes | recall | false faces |
|---|---:|---:|---:|
{scenes}
"""
