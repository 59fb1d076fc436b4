"""Compiles and evaluates CEL expressions: the one place that knows the CEL library.

The library bounds an evaluation (10,000 steps of a loop) and its regular expressions are RE2,
so a token can't make an expression run for long.
"""

import re
from collections.abc import Collection, Mapping

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from jwt_to_rbac.core.expression import Expression, ExpressionFailed
from jwt_to_rbac.core.short_line import short_line
from jwt_to_rbac.settings.cel import Kind, NotAnExpression, Type

_PLACE = re.compile(r"<input>:(\d+:\d+: [^\n]*)")
_TEXTS = cel.Type.List(cel.Type.STRING)
_TYPES = {
    Type.TEXT: cel.Type.STRING,
    Type.TEXTS: _TEXTS,
    Type.TEXTS_BY_TEXT: cel.Type.Map(cel.Type.STRING, _TEXTS),
    Type.ANYTHING_BY_TEXT: cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}


def compile_expression(text: str, variables: Mapping[str, Type], kind: Kind) -> Expression:
    """The expression over `variables`. Raises NotAnExpression."""
    types = {name: _TYPES[one] for name, one in variables.items()}
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    try:
        program = cel.NewEnv(variables=types, extensions=extensions).compile(text)
    except RuntimeError as error:
        place = _PLACE.search(str(error))
        reason = short_line(place[1] if place else str(error))
        raise NotAnExpression(f"is no valid CEL expression: {reason}") from None
    if not _fits(program.return_type(), kind):
        raise NotAnExpression(f"has the type {program.return_type()}, but must be {kind}")

    def value(given: Mapping[str, object]) -> object:
        try:
            result = program.eval(data=given)
            found: object = result.plain_value()
        # What the library raises when its budget is used up, or a value has no form in Python.
        except (RuntimeError, TypeError, ValueError) as error:
            raise ExpressionFailed(short_line(str(error))) from None
        if result.type() == cel.Type.ERROR:
            raise ExpressionFailed(short_line(str(found)))
        return found

    return Expression(text, value)


def _fits(found: cel.Type, kind: Kind) -> bool:
    allowed: Collection[cel.Type]
    match kind:
        case Kind.BOOLEAN:
            # Not dynamic ones: Kubernetes' rule, and it finds `claims.admin == ...` half written.
            return bool(found == cel.Type.BOOL)
        case Kind.TEXT:
            allowed = (cel.Type.STRING, cel.Type.DYN)
        case Kind.TEXTS:
            allowed = (cel.Type.STRING, cel.Type.DYN, cel.Type.NULL, _TEXTS)
            allowed = (*allowed, cel.Type.List(cel.Type.DYN))
    return found in allowed
