"""JSON, YAML and XML as plain trees, from bytes that nobody vouches for.

Depth and number of nodes are bounded, size by the caller. JSON: no NaN, no key twice, and what is nested
deeper than Python's own stack is refused. YAML: events only, so nothing is constructed; every scalar is
text, and anchors, aliases, tags and merge keys are refused, so nothing grows. XML: a document type is
refused, so there are no entities but the five of XML itself and nothing to fetch.
Every refusal is ``InvalidInput`` on the field ``file``.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn
from xml.parsers import expat

import yaml

from comity.errors import InvalidInput

MAX_DEPTH: Final = 64
"""The deepest of these formats (a KML folder tree) has some 30."""

MAX_NODES: Final = 4_000_000
"""Values of a YAML or XML file: some ten times what the largest national files hold."""

LINE: Final = "\0line"
"""Under this key a YAML mapping holds its line, which no key of a file can be."""


def refuse(message: str) -> NoReturn:
    raise InvalidInput(message, field="file")


def as_text(data: bytes) -> str:
    """UTF-8, with or without a mark; other files of text are taken as Latin-1, as old OpenAir files are."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def json_tree(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_constant)
    except UnicodeDecodeError:
        refuse("the file is not UTF-8 text, as JSON is")
    except RecursionError:
        refuse("the file is nested too deeply")
    except json.JSONDecodeError as error:
        refuse(f"the file is not JSON: {error.msg} in line {error.lineno}")
    except ValueError as error:
        refuse(f"the file is not JSON that can be read: {str(error)[:100]}")


def _constant(word: str) -> NoReturn:
    refuse(f"the file holds {word}, which is no number")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        refuse(f"{twice[:40]!r} is given twice in one object")
    return made


def yaml_tree(data: bytes) -> Any:
    """Mappings, lists and texts; each mapping knows its line under ``LINE``."""
    try:
        return _Yaml(as_text(data)).root()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        refuse(f"the file is not YAML: {getattr(error, 'problem', None) or type(error).__name__}{where}")


class _Yaml:
    """Builds a tree of the events of one document."""

    def __init__(self, text: str) -> None:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events = yaml.parse(text, Loader=loader)
        self._nodes = 0

    def root(self) -> Any:
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                made = self._node(event, 0)
                if any(isinstance(rest, yaml.NodeEvent) for rest in self._events):
                    refuse("the file holds more than one YAML document")
                return made
        return None

    def _node(self, event: Any, depth: int) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            refuse(f"the file is nested more than {MAX_DEPTH} deep or holds over {MAX_NODES} values")
        if isinstance(event, yaml.AliasEvent) or event.anchor or getattr(event, "tag", None):
            refuse(f"anchors, aliases and tags are not read, as in line {event.start_mark.line + 1}")
        if isinstance(event, yaml.ScalarEvent):
            return event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return self._mapping(event, depth)

    def _sequence(self, depth: int) -> list[Any]:
        made: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            made.append(self._node(event, depth + 1))
        return made

    def _mapping(self, event: Any, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {LINE: event.start_mark.line + 1}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._node(event, depth + 1)
            if not isinstance(name, str) or name in made or name == "<<":
                refuse(f"a key must be text that is given once, as in line {event.start_mark.line + 1}")
            made[name] = self._node(next(self._events), depth + 1)
        return made


class Element:
    """An XML element: its name without the namespace, its text, what is in it, its line."""

    __slots__ = ("attributes", "inside", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.text = ""
        self.inside: list[Element] = []

    def first(self, name: str) -> Element | None:
        return next((one for one in self.inside if one.name == name), None)

    def words(self, name: str) -> str | None:
        """The text of the first element of that name, None where there is none or it is empty."""
        one = self.first(name)
        return (one.text.strip() or None) if one is not None else None


def xml_tree(data: bytes) -> Element:
    try:
        return _Xml().read(data)
    except (expat.ExpatError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        refuse(f"the file is not XML that can be read: {str(error)[:100]}")


class _Xml:
    """One expat parser and the elements that are open."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._root = Element("", {}, 0)
        self._open = [self._root]
        self._texts: list[list[str]] = [[]]
        self._nodes = 0

    def read(self, data: bytes) -> Element:
        self._parser.Parse(data, True)
        return self._root.inside[0]

    def _doctype(self, *_: object) -> None:
        refuse("the file declares a document type, and one that does is not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if len(self._open) > MAX_DEPTH or self._nodes > MAX_NODES:
            refuse(f"the file is nested more than {MAX_DEPTH} deep or holds over {MAX_NODES} elements")
        element = Element(name.rpartition(" ")[2], attributes, self._parser.CurrentLineNumber)
        self._open[-1].inside.append(element)
        self._open.append(element)
        self._texts.append([])

    def _end(self, _: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _characters(self, text: str) -> None:
        self._texts[-1].append(text)
