"""XML ↔ plain data, by the rules that TIDAS uses for ILCD (xmltodict): attributes `@a`, text `#text`, an element
without attributes and children is its text, repeated children are a list.

Built on expat of the standard library with every document type refused: no entity can be declared, so nothing
external is fetched and nothing expands. Depth is limited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from ..core.errors import Place, TanbiaoError, refuse
from .source import decode

Tree = dict[str, Any]
MAX_DEPTH = 60
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_EXPAT = ("utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1")


def parse_xml(data: bytes, place: Place) -> Tree:
    """One document as `{root: …}`. Refuses (`exchange-xml`, `exchange-xml-doctype`, `exchange-encoding`).

    Namespace prefixes are kept as written, except that the prefixes of ILCD are normalised by `prefixes`.
    """
    parser = expat.ParserCreate("utf-8", None)
    text = _utf8(data, place)
    root: Tree = {}
    stack: list[tuple[str, Tree, list[str]]] = [("", root, [])]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise refuse("exchange-xml", place, detail=f"deeper than {MAX_DEPTH} elements")
        stack.append((name, {"@" + k: v for k, v in attributes.items()}, []))

    def end(name: str) -> None:
        _, node, parts = stack.pop()
        said = "".join(parts).strip()
        value: Any = node
        if not node:
            value = said or None
        elif said:
            node["#text"] = said
        parent = stack[-1][1]
        if name in parent:
            known = parent[name]
            if isinstance(known, list):
                known.append(value)
            else:
                parent[name] = [known, value]
        else:
            parent[name] = value

    def doctype(*_: object) -> None:
        raise refuse("exchange-xml-doctype", place)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda chunk: stack[-1][2].append(chunk)
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.buffer_text = True
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise refuse(
            "exchange-xml", Place(place.file, error.lineno), detail=expat.ErrorString(error.code)
        ) from None
    except TanbiaoError:
        raise
    except (ValueError, RecursionError) as error:
        raise refuse("exchange-xml", place, detail=str(error)[:80]) from None
    return root


def _utf8(data: bytes, place: Place) -> bytes:
    head = _DECLARED.match(data[:200].lstrip(b"\xef\xbb\xbf"))
    declared = head.group(1).decode().lower() if head else ""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return decode(data, place).encode("utf-8", "replace")
    if declared and declared not in _EXPAT:
        try:
            codec = "gb18030" if declared in ("gbk", "gb2312") else declared
            return data.decode(codec).encode()
        except (LookupError, UnicodeDecodeError, ValueError):
            raise refuse("exchange-encoding", place) from None
    if declared in ("iso-8859-1",):
        return data.decode("latin-1").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def write_xml(tree: Mapping[str, Any]) -> bytes:
    """The document of `{root: …}`, with two blanks of indent; `parse_xml` gives the tree back."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>']
    for name, value in tree.items():
        _write(name, value, 0, out)
    return ("\n".join(out) + "\n").encode()


def _write(name: str, value: Any, depth: int, out: list[str]) -> None:
    pad = "  " * depth
    if isinstance(value, list):
        for item in value:
            _write(name, item, depth, out)
        return
    if not isinstance(value, Mapping):
        said = _text(value)
        out.append(f"{pad}<{name}>{escape(said)}</{name}>" if said else f"{pad}<{name}/>")
        return
    attributes = "".join(f" {k[1:]}={quoteattr(_text(v))}" for k, v in value.items() if k.startswith("@"))
    said = escape(_text(value.get("#text")))
    children = [(k, v) for k, v in value.items() if not k.startswith(("@", "#"))]
    if not children:
        out.append(f"{pad}<{name}{attributes}>{said}</{name}>" if said else f"{pad}<{name}{attributes}/>")
        return
    out.append(f"{pad}<{name}{attributes}>{said}")
    for key, child in children:
        _write(key, child, depth + 1, out)
    out.append(f"{pad}</{name}>")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return _ILLEGAL.sub("", str(value))


_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def many(value: Any) -> list[Any]:
    """One or several children as a list; an absent one as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def at(tree: Any, *path: str) -> Any:
    """The first child at a path of names, None where it is absent."""
    for name in path:
        if isinstance(tree, list):
            tree = tree[0] if tree else None
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(name)
    return tree


def said(value: Any) -> str:
    """The text of an element, empty where there is none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        value = value.get("#text")
    return "" if value is None else str(value).strip()


def words(value: Any) -> dict[str, str]:
    """Language → text of an element that may stand several times; several of one language are joined by lines."""
    out: dict[str, str] = {}
    for item in many(value):
        text = said(item)
        if not text:
            continue
        lang = str(item.get("@xml:lang", "")) if isinstance(item, Mapping) else ""
        out[lang] = f"{out[lang]}\n{text}" if lang in out else text
    return out


def spoken(texts: Mapping[str, str]) -> list[Any]:
    """The elements of `words`."""
    return [{"@xml:lang": lang, "#text": text} if lang else text for lang, text in texts.items() if text]
