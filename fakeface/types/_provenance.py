"""What a file says of its own origin, apart from its pixels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal["c2pa", "comment", "exif", "iptc", "png", "xmp"]
"""The kind of metadata that makes a statement."""

Claim = Literal["ai", "ai_edited", "suspected", "camera", "edited", "unknown"]
"""What is stated: made by AI, changed by AI, possibly made by AI (a label that platforms set),
taken by a camera, edited, or something else."""

Trust = Literal["trusted", "unknown_signer", "broken", "unverified", "unsigned"]
"""How far a statement can be trusted. `trusted`: validly signed, by a signer on the trust list;
`unknown_signer`: validly signed, by somebody else; `broken`: signed, but the file has been changed
since or the signature is invalid; `unverified`: signed, but not checked, so that it is a claim;
`unsigned`."""

Subject = Literal["picture", "parent", "component"]
"""What a statement is about: the picture, the picture it was made from, or a part of it."""

Declared = Literal["ai", "camera"]

CLAIMS: dict[Claim, str] = {
    "ai": "AI",
    "ai_edited": "AI edit",
    "suspected": "suspected AI",
    "camera": "camera",
    "edited": "edited",
    "unknown": "other",
}
"""Short words for claims."""

TRUSTS: dict[Trust, str] = {
    "trusted": "signed",
    "unknown_signer": "signer unknown",
    "broken": "broken signature",
    "unverified": "not checked",
    "unsigned": "unsigned",
}
"""Short words for trust, the strongest first."""

_BY_TRUST = list(TRUSTS)
_AI: tuple[Claim, ...] = ("ai", "ai_edited")
_MOST_PHRASES = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that the metadata of a file states.

    Attributes:
        kind: The kind of metadata that makes it.
        claim: What it states.
        trust: How far it can be trusted.
        tool: The program or device it names.
        signer: Who signed it, as the certificate says.
        detail: What it rests on, in one printable line.
        about: What it is about.
    """

    kind: Kind
    claim: Claim
    trust: Trust = "unsigned"
    tool: str | None = None
    signer: str | None = None
    detail: str = ""
    about: Subject = "picture"

    def __post_init__(self) -> None:
        """Raise `ValueError` where a field has a value that is not among those known."""
        for value, known in (
            (self.kind, Kind),
            (self.claim, Claim),
            (self.trust, Trust),
            (self.about, Subject),
        ):
            if value not in get_args(known):
                raise ValueError(f"{value!r} is none of {', '.join(get_args(known))}")

    def __str__(self) -> str:
        """One line, such as `camera: Canon EOS R5 (unsigned)`."""
        subject = "" if self.about == "picture" else f" ({self.about})"
        claim, trust = CLAIMS[self.claim] + subject, TRUSTS[self.trust]
        if self.trust == "broken":
            return ", ".join([f"{trust}: {claim}", *([self.tool] if self.tool else [])])
        if self.kind == "c2pa" and self.claim == "unknown":
            claim = "content credentials" + subject
        elif self.trust == "unverified":
            claim = f"claims {claim}"
        if self.trust == "trusted" and self.signer:
            trust = f"signed by {self.signer}"
        return f"{claim}: {self.tool} ({trust})" if self.tool else f"{claim} ({trust})"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a file says of its own origin.

    It never influences `p_fake` or a verdict. Metadata can be removed by anyone, and forged where
    it is not signed: an empty `Provenance` is no sign in either direction.

    Attributes:
        statements: What is stated; content credentials first.
        problems: What could not be read, one printable line each.
        trailing: Bytes behind the end of the picture; they are ignored.
    """

    statements: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = ()
    trailing: int = 0

    @property
    def declared(self) -> Declared | None:
        """`ai` where AI made or changed the picture, as far as the file says; else `camera`.

        Statements with a broken signature and those about a component do not count.
        """
        claims = {s.claim for s in self.statements if _counts(s)}
        if not claims.isdisjoint(_AI):
            return "ai"
        return "camera" if "camera" in claims else None

    @property
    def ordered(self) -> list[Statement]:
        """The statements, the most important first."""
        return sorted(self.statements, key=_rank)

    @property
    def headline(self) -> Statement | None:
        """The statement that matters most; None where nothing is stated."""
        return min(self.statements, key=_rank, default=None)

    @property
    def label(self) -> str:
        """A few words for a badge, such as `AI, signed` or `broken signature`.

        Empty where the file says nothing.
        """
        top = self.headline
        if top is None:
            return "trailing bytes" if self.trailing else "unreadable" if self.problems else ""
        if top.trust == "broken":
            return TRUSTS["broken"]
        if top.kind == "c2pa" and top.claim == "unknown":
            return f"C2PA, {TRUSTS[top.trust]}"
        claims = "claims " if top.trust == "unverified" else ""
        return f"{claims}{CLAIMS[top.claim]}, {TRUSTS[top.trust]}"

    @property
    def says(self) -> str:
        """One line with the most important statements; `nothing` where there are none."""
        phrases = list(dict.fromkeys(map(str, self.ordered)))
        if len(phrases) > _MOST_PHRASES:
            phrases[_MOST_PHRASES:] = [f"{len(phrases) - _MOST_PHRASES} more"]
        if not phrases:
            phrases = [f"unreadable: {problem}" for problem in self.problems[:1]]
        if not phrases and self.trailing:
            plural = "" if self.trailing == 1 else "s"
            phrases = [f"nothing; {self.trailing:,} byte{plural} behind the picture ignored"]
        return "; ".join(phrases) or "nothing"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "declared": self.declared,
            "statements": [asdict(statement) for statement in self.statements],
            "problems": list(self.problems),
            "trailing": self.trailing,
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Provenance:
        """Return the provenance that `as_dict` was called on.

        Raises:
            KeyError, TypeError, ValueError: It is not such a record.
        """
        return cls(
            tuple(Statement(**statement) for statement in record["statements"]),
            tuple(record["problems"]),
            record["trailing"],
        )


def _counts(statement: Statement) -> bool:
    return statement.trust != "broken" and statement.about != "component"


def _rank(statement: Statement) -> tuple[int, int, int]:
    """Order of importance: AI, broken signatures, suspicions, cameras, edits, the rest."""
    if statement.claim in _AI and _counts(statement):
        group = 0
    elif statement.trust == "broken":
        group = 1
    elif statement.claim in _AI:
        group = 4
    else:
        group = {"suspected": 2, "camera": 3, "edited": 5}.get(statement.claim, 6)
    return group, _BY_TRUST.index(statement.trust), statement.about != "picture"
