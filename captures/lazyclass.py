"""`dataclass` as the standard library has it, except that methods are written when first called.

Before a class can be used, `dataclasses` writes and compiles up to eight methods for it: half a
millisecond each time, for classes of which one run needs a few. For the 150 classes of badhop that
is longer than everything it does with a small capture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses

    _WRITTEN = ("__init__", "__repr__", "__eq__", "__hash__")

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Make a data class; the arguments are those of `dataclasses.dataclass`."""
        if cls is None:
            return lambda given: dataclass(given, frozen=frozen, slots=slots, eq=eq)
        # Without a docstring, the signature would be worked out to serve as one.
        cls.__doc__ = cls.__doc__ or cls.__name__
        made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        for name in _WRITTEN if eq else _WRITTEN[:2]:
            if name not in vars(made):
                setattr(made, name, _unwritten(made, name, frozen, eq))
        if eq and not frozen:
            made.__hash__ = None
        if frozen:
            made.__setattr__, made.__delattr__ = _refuse_assignment, _refuse_deletion
            if slots:
                made.__getstate__, made.__setstate__ = _state, _restore
        return made

    def _unwritten(made, name, frozen, eq):
        """Return a method that puts the real one, and its sisters, in its own place."""

        def method(self, *arguments, **named):
            _write(made, frozen, eq)
            return vars(made)[name](self, *arguments, **named)

        method.unwritten = True
        method.__name__, method.__qualname__ = name, f"{made.__qualname__}.{name}"
        return method

    def _write(made, frozen, eq):
        """Let `dataclasses` write the methods for a class of the same fields, and take them."""
        fields = dataclasses.fields(made)
        body = {field.name: _again(field) for field in fields}
        body["__annotations__"] = {field.name: field.type for field in fields}
        body["__module__"], body["__doc__"] = made.__module__, made.__doc__
        if hasattr(made, "__post_init__"):
            body["__post_init__"] = made.__post_init__
        written = dataclasses.dataclass(frozen=frozen, eq=eq)(type(made.__name__, (), body))
        for name in _WRITTEN:
            if getattr(vars(made).get(name), "unwritten", False):
                setattr(made, name, vars(written)[name])

    def _again(field):
        """Return what stood in the class body for a field."""
        names = ("default", "default_factory", "init", "repr", "hash", "compare", "metadata")
        return dataclasses.field(**{name: getattr(field, name) for name in (*names, "kw_only")})

    def _refuse_assignment(self, name, value):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_deletion(self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    def _restore(self, values):
        for field, value in zip(dataclasses.fields(self), values, strict=True):
            object.__setattr__(self, field.name, value)
