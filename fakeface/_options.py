"""The settings of a detector, in one place for the library, the command line and Ray.

A new setting is one field here: `Detector` takes it as an argument and, if it has a `help` text,
the commands get an option for it.
"""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnxruntime as ort

MIN_FACE = 48
"""Default for `DetectorOptions.min_face`, in pixels."""

MAX_THREADS = 256
"""Threads of one kind at most: thousands only stand in each other's way."""

VERDICTS, ORIGIN, SPEED = "Verdicts", "Origin of the file", "Speed"
"""Panels of the command line's help."""


def _option(help: str, panel: str, **more: Any) -> dict[str, Any]:  # noqa: A002 -- typer's word
    """Describe the command-line option for a field.

    `more` is what `typer.Option` takes, and `names`, where they do not follow from the field's.
    """
    return {"help": help, "rich_help_panel": panel, **more}


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """All settings of a `Detector`.

    Attributes:
        model: Name of a bundled model or path of a model directory; None for the default. `auto`
            takes `edge-int8` on CPUs with instructions for it (VNNI, AMX, ARM's dot products), else
            `edge`: faster, but scores then depend on the machine by about .01, and a scan that goes
            on elsewhere may start anew. `Detector.model` and all results say which it was.
        provider: Execution provider for the model: `auto`, `cpu`, `cuda`, `dml`, `coreml`,
            `openvino`, … `auto` takes CUDA or DirectML where they are installed, else the CPU.
            The face finder always runs on the CPU.
        threads: Threads for the model, at least 1; None for one per processor, and in
            `fakeface scan` and `serve` for 1.
        threshold: Call a face fake if its `p_fake` is at or above this, 0 to 1, and real
            otherwise, never uncertain; None for the thresholds of the model.
        fpr: Use the model's operating point for this false positive rate instead.
        whole: Treat every picture as already cropped to one face; do not look for faces.
        min_face: Faces whose longer side is below this many pixels get the verdict `too_small`.
        frames: Frames or pages of a file that holds several (GIF, WebP, PNG, AVIF, TIFF, MPO) that
            are scored, at least 1, spread evenly over all; the most suspicious one counts.
        explain: Whether faces get a heat map (`Face.heatmap`). None: only if the model computes
            it with its score, at no cost. True: always, which takes some fifty forward passes a
            face with other models. False: never.
        provenance: Whether to read what files say of their own origin (`Prediction.provenance`).
            Verdicts do not depend on it.
        trust_list: File of certificates in PEM: signatures of content credentials by those that
            they vouch for are `trusted`. None trusts nobody.
        session_options: ONNX Runtime session options for the model instead of fakeface's own;
            `threads` is then ignored.
    """

    model: str | os.PathLike[str] | None = field(
        default=None,
        metadata=_option(
            "Bundled model, or directory of a model; `fakeface info` lists the bundled ones."
            " auto: edge or edge-int8, whichever suits this processor.",
            VERDICTS,
            metavar="NAME|DIR",
        ),
    )
    provider: str = field(
        default="auto",
        metadata=_option(
            "Where the model runs: auto, cpu, cuda, … (`fakeface info` lists them).", SPEED
        ),
    )
    threads: int | None = field(
        default=None,
        metadata=_option(
            "Threads of the model; by default one per processor, but 1 for scan and serve, where"
            " pictures are then scored side by side.",
            SPEED,
            min=1,
            max=MAX_THREADS,
        ),
    )
    threshold: float | None = field(
        default=None,
        metadata=_option(
            "Call a face fake at this p_fake and above, real below; nothing is uncertain.",
            VERDICTS,
            min=0,
            max=1,
        ),
    )
    _: KW_ONLY
    fpr: float | None = field(
        default=None,
        metadata=_option(
            "Use the model's threshold for this false positive rate, such as 0.01.", VERDICTS
        ),
    )
    whole: bool = field(
        default=False,
        metadata=_option(
            "Treat every picture as already cropped to one face; do not look for faces.", VERDICTS
        ),
    )
    min_face: float = field(
        default=MIN_FACE,
        metadata=_option(
            "Leave faces with a longer side below this unscored (too_small).",
            VERDICTS,
            metavar="PIXELS",
            min=0,
        ),
    )
    frames: int = field(
        default=1,
        metadata=_option(
            "Score this many frames or pages of a file that holds several; the most suspicious"
            " counts.",
            VERDICTS,
            min=1,
        ),
    )
    explain: bool | None = None
    provenance: bool = field(
        default=True,
        metadata=_option(
            "Read what files say of their own origin: content credentials, and metadata of cameras"
            " and generators. Verdicts do not depend on it.",
            ORIGIN,
            names=("--provenance/--no-provenance",),
        ),
    )
    trust_list: str | os.PathLike[str] | None = field(
        default=None,
        metadata=_option(
            "Certificates of the signers of content credentials to be trusted.",
            ORIGIN,
            metavar="PEM",
            envvar="FAKEFACE_TRUST_LIST",
        ),
    )
    session_options: ort.SessionOptions | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a number out of its range, and for settings that exclude others."""
        if not self.min_face >= 0:  # NaN neither: every face would be too small
            raise ValueError(f"min_face must be 0 or above, got {self.min_face}")
        if self.frames < 1:
            raise ValueError(f"frames must be at least 1, got {self.frames}")
        if self.threads is not None and not 1 <= self.threads <= MAX_THREADS:
            raise ValueError(f"threads must be 1 to {MAX_THREADS}, got {self.threads}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must be 0 to 1, got {self.threshold}")
        if self.threshold is not None and self.fpr is not None:
            raise ValueError("give threshold or fpr, not both")


def for_many_pictures(options: DetectorOptions) -> DetectorOptions:
    """Return the options that suit many pictures: one thread for each run of the model.

    Many runs on one processor each beat one run on all of them, which has parts that do not get
    faster with more: `python -m benchmarks throughput --workers 2` measures it.

    Args:
        options: Options of the user; what they set stays.

    Returns:
        The same with `threads=1`, unless `threads` or `session_options` are set.
    """
    own = options.threads is not None or options.session_options is not None
    return options if own else replace(options, threads=1)
