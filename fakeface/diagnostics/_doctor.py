"""Check an installation: the packages, the files of the models, and the scores they give."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._errors import FakefaceError, ModelError, ProviderError
from fakeface._model import (
    DEFAULT_MODEL,
    FACE_FINDER,
    MODELS,
    bundled_models,
    find_model,
    load_model,
    read_model,
)
from fakeface._optional_models import fetched, optional_models
from fakeface._provider_names import resolve_provider, short_name
from fakeface.diagnostics._installation import (
    Finding,
    State,
    picture_findings,
    runtime_finding,
    telemetry_finding,
)

if TYPE_CHECKING:
    from fakeface.diagnostics._golden import Golden

FINDERS = {MODELS / FACE_FINDER, MODELS / FACE_FINDER / "far"}
"""Directories of the face finder."""

REINSTALL = "pip install --force-reinstall --no-deps fakeface"
CUDA = (
    "see that `nvidia-smi` lists a GPU and that the driver is recent; the libraries come with"
    " pip install 'onnxruntime-gpu[cuda,cudnn]'"
)


@dataclass(frozen=True, slots=True)
class Examination:
    """The result of checking an installation.

    Attributes:
        findings: In the order of the checks.
        environment: Versions, CPU, providers, as `fakeface.diagnostics._environment.environment`
            returns them; None if ONNX Runtime cannot be used.
    """

    findings: tuple[Finding, ...]
    environment: dict[str, Any] | None

    @property
    def problems(self) -> int:
        """Number of findings that are problems."""
        return sum(finding.state is State.PROBLEM for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "well": not self.problems,
            "findings": [finding.as_dict() for finding in self.findings],
            "environment": self.environment,
        }


def examine(
    model: str | os.PathLike[str] | None = None, provider: str = "auto", threads: int | None = None
) -> Examination:
    """Check everything that a verdict of one model, or of all that are here, depends on.

    Returns:
        The findings; problems of the installation are findings, not exceptions.

    Raises:
        ModelError: There is no such model.
    """
    named = None if model is None else find_model(model)
    runtime, usable = runtime_finding()
    intact, broken = _models(named)
    findings = [runtime, telemetry_finding(), *picture_findings(), *intact, *broken.values()]
    findings += _not_fetched()
    if not usable:
        return Examination(tuple(findings), None)
    from fakeface.diagnostics._environment import environment

    machine = environment()
    if not FINDERS & set(broken):
        for path in _classifiers() if named is None else [named]:
            if path not in broken:
                findings += _scores(path, provider, threads)
    return Examination(tuple(findings), machine)


def _classifiers() -> list[Path]:
    """Directories of the bundled models, and of those that were fetched."""
    try:
        return [MODELS / name for name in bundled_models()] + _fetched()
    except ModelError:  # a broken description, which is a finding of its own
        return [MODELS / DEFAULT_MODEL]


def _fetched() -> list[Path]:
    return [info.path for name in optional_models() if (info := fetched(name)) is not None]


def _not_fetched() -> Iterator[Finding]:
    for name in optional_models():
        if fetched(name) is None:
            says = f"{name} is optional, and not here"
            yield Finding("models", State.NOTE, says, f"fakeface get {name}")


def _models(named: Path | None) -> tuple[list[Finding], dict[Path, Finding]]:
    """Check the files of the bundled models, and of one more, against their descriptions."""
    paths = {MODELS / DEFAULT_MODEL, *FINDERS}
    paths |= {file.parent for file in MODELS.rglob("model.json")}
    paths -= {MODELS / name for name in optional_models()}
    intact, broken = [], dict[Path, Finding]()
    for path in sorted(paths.union(_fetched(), [named] if named else [])):
        try:
            info = load_model(path, read_model(path).kind)[0]
        except ModelError as error:
            remedy = (
                REINSTALL if path in paths else _again(path, "export it again: python -m export")
            )
            broken[path] = Finding("models", State.PROBLEM, str(error), remedy)
        else:
            name = path.relative_to(MODELS).as_posix() if path in paths else str(path)
            intact.append(f"{name} {info.version}")
    says = f"{', '.join(intact)}: files are those described (sha256)"
    return [Finding("models", State.OK, says)] if intact else [], broken


def _scores(path: Path, provider: str, threads: int | None) -> Iterator[Finding]:
    """Score the bundled pictures and compare with the golden scores."""
    from fakeface._detector import Detector
    from fakeface.diagnostics._golden import GOLDEN, Golden, reproduce

    about = path.name
    otherwise = f"python -m export golden {path}"
    again = REINSTALL if path.parent == MODELS else _again(path, otherwise)
    try:
        golden = Golden.read(path / GOLDEN, about)
        wanted = short_name(resolve_provider(provider)[0])
        detector = Detector(path, provider, threads, explain=False)
        running = short_name(detector.classifier.session.get_providers()[0])
        found = reproduce(golden, detector)
    except ProviderError as error:
        there = error.requested.lower() in error.available
        remedy = CUDA if there and short_name(error.requested) == "cuda" else ""
        yield Finding(about, State.PROBLEM, str(error), remedy)
        return
    except FakefaceError as error:
        yield Finding(about, State.PROBLEM, str(error), again)
        return
    except Exception as error:  # providers fail in ways of their own
        yield Finding(about, State.PROBLEM, f"{provider} failed: {error}", "try --provider cpu")
        return
    if running != wanted:
        says = f"{wanted} is installed, but does not start; auto runs on {running}"
        yield Finding(about, State.PROBLEM, says, CUDA if wanted == "cuda" else "")
    allowed = golden.tolerance.p_fake(running)
    on = f"{golden.precision} on {running}"
    if found.wrong:
        says = f"{on}: {'; '.join(found.wrong)} ({allowed:g} allowed)"
        yield Finding(about, State.PROBLEM, says, _remedy(golden, running, again))
    else:
        says = (
            f"{on}: {found.pictures} golden pictures, p_fake within {found.p_fake:.4f} of what it"
            f" was ({allowed:g} allowed)"
        )
        yield Finding(about, State.OK, says)


def _again(path: Path, otherwise: str) -> str:
    """How to get a model again that is not in this package."""
    if path in _fetched():
        return f"fakeface get {path.name}"
    return otherwise


def _remedy(golden: Golden, running: str, again: str) -> str:
    if running != "cpu":
        return "use --provider cpu, and tell the authors of fakeface"
    made = ", ".join(f"{name} {v}" for name, v in golden.made_with["versions"].items())
    return f"{again}; the golden scores were made with {made}"
