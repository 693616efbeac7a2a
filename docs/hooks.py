"""What MkDocs puts into the pages while it builds them: model cards, and what a verdict is worth.

A model card has one source, the README in the model's directory; the table of base rates is
computed from the figures in the default model's description. Neither is copied into docs/.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface import ModelInfo
from fakeface.model_directory import MODELS, find_model, read_model

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

BASE_RATES = "<!-- table: base rates -->"
"""Where the table goes."""

PREVALENCES = (0.001, 0.01, 0.1, 0.5)
"""Shares of AI-made faces among the faces judged."""

_SHOWN = {".md", ".png", ".svg", ".jpg"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give every model card a place in the navigation."""
    section = next(entry["Models"] for entry in config.nav or [] if "Models" in entry)
    cards = [path for path in _cards() if path.parent != MODELS]
    section += [{path.parent.name: _target(path)} for path in cards]
    if (MODELS / "CHANGELOG.md").is_file():
        section.append({"Changelog": _target(MODELS / "CHANGELOG.md")})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Lay the model directories' texts and pictures under `models/`, as they are."""
    from mkdocs.structure.files import File

    for path in _cards() + [p for p in _texts_and_pictures() if p.suffix != ".md"]:
        files.append(File.generated(config, _target(path), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the table of base rates where it belongs."""
    if BASE_RATES not in markdown:
        return markdown
    return markdown.replace(BASE_RATES, base_rates(read_model(find_model(None))))


def base_rates(info: ModelInfo) -> str:
    """What `fake` is worth at the operating points of a model, by how common AI pictures are.

    Args:
        info: A classifier's description, with figures as `python -m export` writes them.

    Returns:
        A Markdown table: the share of pictures called fake that are AI-made (Bayes). TPR is that
        of the model's test split, FPR the rate that each operating point was fitted for.
    """
    shares = [f"{p:g}".rstrip("0").rstrip(".") if p < 0.001 else f"{p:.1%}" for p in PREVALENCES]
    shares = [share.replace(".0%", "%").replace("%", " %") for share in shares]
    lines = [
        f"| `{info.name}` {info.version} | TPR | FPR | "
        + " | ".join(f"{share} are AI" for share in shares)
        + " |",
        "|---|---|---|" + "---|" * len(shares),
    ]
    measured = info.figures["test"]["operating_points"]
    for point in info.operating_points:
        tpr = measured[point.name]["tpr"]
        worth = " | ".join(f"{precision(p, tpr, point.fpr):.0%}" for p in PREVALENCES)
        lines.append(f"| `--fpr {point.fpr:g}` | {tpr:.1%} | {point.fpr:.0%} | {worth} |")
    return "\n".join(lines).replace("%", " %").replace("  %", " %")


def precision(prevalence: float, tpr: float, fpr: float) -> float:
    """Share of the pictures called fake that are: Bayes' rule.

    Args:
        prevalence: Share of AI pictures, 0 to 1.
        tpr: Share of the AI pictures that are called fake, 0 to 1.
        fpr: Share of the photographs that are called fake, 0 to 1.

    Returns:
        A share, 0 to 1.
    """
    hits, false_alarms = prevalence * tpr, (1 - prevalence) * fpr
    return hits / (hits + false_alarms) if hits + false_alarms else 0.0


def _texts_and_pictures() -> list[Path]:
    return sorted(path for path in MODELS.rglob("*") if path.suffix in _SHOWN)


def _cards() -> list[Path]:
    return [path for path in _texts_and_pictures() if path.suffix == ".md"]


def _target(path: Path) -> str:
    return f"models/{path.relative_to(MODELS).as_posix()}"
