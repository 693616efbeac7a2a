"""Whose photographs a model calls fake, as Markdown: for a result, and for a model card."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.groups._rates import LARGE
from fakeface.files import replacing

BEGIN = "<!-- groups: written by `python -m benchmarks groups --card` -->"
END = "<!-- groups: end -->"
"""Marks in a card or its notes; what stands between them is replaced."""

CANNOT = (
    "**What this cannot say.** The skin tone is the individual typology angle (ITA, Chardon et al."
    " 1991) of the middle of the face: it follows the light and the white balance as well as the"
    " skin, and is no origin or ethnicity.{unknown} Groups differ in camera, origin and compression"
    " too, so a difference is no proof of its cause, and none that was found is no proof of"
    " equality: read the intervals. A rate of a group holds for such photographs as these, not for"
    " all people in it."
)

FEW = 20
"""Groups of fewer photographs are left out of the tables, but count for p."""

_LEFT_OUT = ("origin",)
"""Attributes that the card shows elsewhere, source by source."""


def groups_markdown(result: dict[str, Any]) -> str:
    """Format the result of `benchmarks.groups._rates.measure_groups`."""
    parts = [
        "# Photographs called fake, per group\n",
        f"- command: `{result['command']}`",
        f"- data: {result['data']['fingerprint']}, {result['data']['photographs']:,} photographs",
        f"- test: {result['test']}\n",
    ]
    for model in result["models"]:
        parts += [f"## {model['name']}\n", *_parts(_of(result, model["name"]))]
    return "\n".join(parts)


def card_section(result: dict[str, Any], model: str) -> str:
    """Format the result for a model card.

    Args:
        result: From `benchmarks.groups._rates.measure_groups`.
        model: Name of the model.

    Returns:
        Markdown between the marks `BEGIN` and `END`, without a heading.
    """
    command = f"(`python -m benchmarks groups --model {model} --data FOLDER`)"
    return "\n".join([BEGIN, *_parts(_of(result, model)), command, END])


def _of(result: dict[str, Any], model: str) -> dict[str, dict[str, Any]]:
    return {split: models[model] for split, models in result["results"].items()}


def replace_section(path: Path, section: str) -> None:
    """Replace what stands between the marks in a file.

    Args:
        path: A model card, or its notes.
        section: From `card_section`.

    Raises:
        ValueError: The file has no such marks, or has them more than once.
    """
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{path}: needs one line {BEGIN} and, below it, one line {END}")
    before, rest = text.split(BEGIN)
    with replacing(path, permissions_of=path) as new:
        new.write_text(before + section + rest.split(END)[1], encoding="utf-8")


def _parts(splits: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield (
        "Shares of photographs called `fake`, and `uncertain`, in percent with Wilson's 95 %"
        f" intervals. Groups with fewer than {FEW} photographs in both splits are left out."
    )
    yield ""
    names = [f"`{split}`" for split in splits]
    head = ["group", *(c for n in names for c in (f"{n}: n", "called `fake`", "`uncertain`"))]
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for attribute in _attributes(splits):
        for number, group in enumerate(_groups(splits, attribute)):
            label = group if number else _label(attribute, group)
            cells = [cell for split in splits.values() for cell in _cells(split, attribute, group)]
            yield f"| {label} | {' | '.join(cells)} |"
    yield ""
    yield _tests(splits)
    yield ""
    yield _alarms(splits)
    yield ""
    known = " ".join(name for split in splits.values() for name in split)
    unknown = [what for what in ("age", "sex") if not re.search(rf"(?i)\b{what}\b", known)]
    verb = "is" if len(unknown) == 1 else "are"
    said = f" Their {' and '.join(unknown)} {verb} not known." if unknown else ""
    yield CANNOT.format(unknown=said)
    yield ""


def _attributes(splits: dict[str, dict[str, Any]]) -> list[str]:
    every = dict.fromkeys(name for split in splits.values() for name in split)
    return [name for name in every if name not in _LEFT_OUT and _groups(splits, name)]


def _groups(splits: dict[str, dict[str, Any]], attribute: str) -> list[str]:
    """Return the groups of an attribute that are large enough in one split, in their order."""
    sizes: dict[str, int] = {}
    parts = [split[attribute]["groups"] for split in splits.values() if attribute in split]
    for rows in sorted(parts, key=len, reverse=True):
        for name, row in rows.items():
            sizes[name] = max(sizes.get(name, 0), row["n"])
    return [name for name, n in sizes.items() if n >= FEW]


def _label(attribute: str, group: str) -> str:
    return group if attribute in ("all", "colour") else f"{attribute}: {group}"


def _cells(split: dict[str, Any], attribute: str, group: str) -> list[str]:
    row = split.get(attribute, {"groups": {}})["groups"].get(group)
    if row is None:
        return ["–"] * 3
    return [f"{row['n']:,}", _percent(row["fake"]), _percent(row["uncertain"])]


def _percent(rate: Sequence[float]) -> str:
    value, low, high = rate
    return f"{100 * value:.1f} [{100 * low:.0f}, {100 * high:.0f}]"


def _tests(splits: dict[str, dict[str, Any]]) -> str:
    every = dict.fromkeys(name for split in splits.values() for name in split)
    tested = [
        f"{name} {', '.join(_p(split.get(name, {}).get('p')) for split in splits.values())}"
        for name in every
        if any(split.get(name, {}).get("p") is not None for split in splits.values())
    ]
    names = " and ".join(f"`{name}`" for name in splits)
    if not tested:
        return "No rates could be compared."
    return (
        f"Permutation tests of equal rates of `fake` (p on {names}): {'; '.join(tested)}. They are"
        " not corrected for their number: of twenty, one falls below .05 by chance."
    )


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def _alarms(splits: dict[str, dict[str, Any]]) -> str:
    found = [
        f"{attribute} {group} on `{split}` ({_percent(row['fake'])} %)"
        for split, attributes in splits.items()
        for attribute, entry in attributes.items()
        for group, row in entry["groups"].items()
        if row["alarm"]
    ]
    if not found:
        return (
            f"No group of {LARGE} or more photographs is called `fake` over twice as often as all."
        )
    return (
        f"Of the groups of {LARGE} or more photographs these are called `fake` over twice as often"
        f" as all: {'; '.join(found)}."
    )
