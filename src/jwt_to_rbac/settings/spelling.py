"""Keys in other letters than the form's own (`issuerurl` for `issuerURL`), as viper lets one write them."""

from dataclasses import replace

import msgspec
from msgspec import inspect

from jwt_to_rbac.settings.document import Document, Mistake, Path, Source


def respelt(document: Document, form: type[msgspec.Struct]) -> tuple[Document, list[Mistake]]:
    """The document with the form's spelling of every key, and the keys that then stand twice."""
    sources: dict[Path, Source] = {}
    mistakes: list[Mistake] = []

    def walk(value: object, kind: inspect.Type | None, old: Path, new: Path) -> object:
        if old in document.sources:
            sources[new] = document.sources[old]
        if isinstance(kind, inspect.Metadata):
            kind = kind.type
        if isinstance(value, list):
            item = kind.item_type if isinstance(kind, inspect.VarTupleType) else None
            return [walk(v, item, (*old, i), (*new, i)) for i, v in enumerate(value)]
        if not isinstance(value, dict):
            return value
        fields = kind.fields if isinstance(kind, inspect.StructType) else ()
        own = {field.encode_name.lower(): field for field in fields}
        found: dict[str, object] = {}
        for key, inner in value.items():
            field = own.get(key.lower())
            name = field.encode_name if field else key
            if name in found:
                mistakes.append(Mistake((*new, name), f"is there twice, also as `{key}`: keep one"))
            found[name] = walk(inner, field.type if field else None, (*old, key), (*new, name))
        return found

    tree = walk(document.tree, inspect.type_info(form), (), ())
    return replace(document, tree=tree, sources=sources), mistakes
