"""Structures: classes whose arguments are their attributes.

Owns `Struct`, by which some of Bluesky's users write their plans as classes.
Must not know messages or engines.
Test: derive a class with ``_fields``, make one, look at it.
"""

from inspect import Parameter, Signature
from typing import Any, ClassVar

from lapwing.errors import PlanSignatureError


class StructMeta(type):
    """Gives each class the signature that its ``_fields`` make."""

    def __new__(cls, name: str, bases: tuple[type, ...], clsdict: dict[str, Any]):
        """Make the class."""
        made = super().__new__(cls, name, bases, clsdict)
        kind = Parameter.POSITIONAL_OR_KEYWORD
        fields = getattr(made, "_fields", ())
        parameters = [Parameter(field, kind) for field in fields]
        made.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        return made


class Struct(metaclass=StructMeta):
    """A class whose ``_fields`` are its arguments, and its attributes."""

    _fields: ClassVar[list[str]] = []
    __signature__: ClassVar[Signature]

    def __init__(self, *args: Any, **kwargs: Any):
        self.set(**self.__signature__.bind(*args, **kwargs).arguments)

    def set(self, **kwargs: Any) -> None:
        """Give attributes new values.

        Raises:
            PlanSignatureError: There is no such field.
        """
        if unknown := [name for name in kwargs if name not in self._fields]:
            raise PlanSignatureError(
                f"{type(self).__name__} has no fields {unknown}; it has {self._fields}"
            )
        for name, value in kwargs.items():
            setattr(self, name, value)
