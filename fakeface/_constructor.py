"""Constructors whose arguments are the fields of an options class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

_P = ParamSpec("_P")
_Self = TypeVar("_Self")
_Options = TypeVar("_Options")


def with_arguments_of(
    options: Callable[_P, _Options],
) -> Callable[[Callable[[_Self, _Options], None]], Callable[Concatenate[_Self, _P], None]]:
    """Let a constructor that takes options take the arguments that make them.

    Args:
        options: Class of the options.

    Returns:
        A decorator of `__init__(self, options)`. The decorated method has the signature of
        `options`, for type checkers and for `inspect.signature`.
    """

    def decorate(
        init: Callable[[_Self, _Options], None],
    ) -> Callable[Concatenate[_Self, _P], None]:
        @wraps(init)
        def wrapper(self: _Self, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
            init(self, options(*args, **kwargs))

        own = next(iter(inspect.signature(init).parameters.values()))
        parameters = inspect.signature(options).parameters.values()
        wrapper.__signature__ = inspect.Signature([own, *parameters])  # type: ignore[attr-defined]
        return wrapper

    return decorate
