"""Templates that turn a payload into words: Jinja's sandbox, made smaller, and bounded. Pure.

The rules:

- The template is the owner's, the payload anybody's. What stands in a payload is never read as a
  template, and no value of it begins a line: it is shown on one line, or `quoted`.
- Of Jinja there is what reads a payload: values, `if`, `for`, `set`, arithmetic with numbers, and
  the filters of `filters`. There are no macros, includes, calls, ranges, nor Python's attributes.
  What a template calls, such as `title.startswith("x")`, is the filter of that name.
- A render may take so many steps and work on so many characters; its words are cut at `LONGEST`.
- A field that is not there is empty. A name that is not one of `NAMES` is a mistake in the
  template, which is told when the template is read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from jinja2 import ChainableUndefined, TemplateError, nodes, pass_context
from jinja2.parser import Parser
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from bridge.hooks.filters import (
    FILTERS,
    LARGEST,
    METHODS,
    PLAIN,
    STYLED,
    TESTS_TOLD,
    Style,
    rendering,
)
from bridge.hooks.hook import TemplateFault

NAMES = frozenset({"payload", "event", "hook"})
LONGEST = 12_000
"""Characters of what a template makes."""

LONGEST_TEMPLATE = 20_000
CUT = "\n\n(cut: this was longer)"

_LOOP = frozenset({"index", "index0", "first", "last", "length", "revindex"})
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.List,
    nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.For,
    nodes.If, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div,
    nodes.FloorDiv, nodes.Mod, nodes.Assign, nodes.Keyword,
)  # fmt: skip


class _Sandbox(ImmutableSandboxedEnvironment):
    """Reads items of payloads and nothing else of what Python's values have."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, style: Style) -> None:
        @pass_context
        def finalize(_: Any, value: Any) -> str:
            return style.value(value)

        super().__init__(
            autoescape=False,
            undefined=ChainableUndefined,
            finalize=finalize,
            optimized=False,
            cache_size=0,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        self.filters = {**FILTERS, **style.filters()}
        self.tests = {name: TESTS[name] for name in TESTS_TOLD}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        match obj, argument:
            case Mapping(), str() if argument in obj:
                return obj[argument]
            case ((str() | list() | tuple()), (int() | slice())):
                try:
                    return obj[argument]
                except (IndexError, TypeError, ValueError):
                    return self.undefined(obj=obj, name=str(argument))
            case _:
                return self.undefined(obj=obj, name=str(argument))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sides = (left, right)
        if any(not isinstance(each, int | float) or abs(each) > LARGEST for each in sides):
            raise TemplateFault(f"`{operator}` is for numbers; texts are put together with `~`")
        return super().call_binop(context, operator, left, right)

    def call(self, *_: Any, **__: Any) -> Any:
        raise TemplateFault("a template calls nothing")


def _adapted(node: nodes.Node) -> nodes.Node:
    """Return a node of which only what is bounded is left, or raise `TemplateFault`."""
    _adapt_inner(node)
    return _bounded_node(node)


def _adapt_inner(node: nodes.Node) -> None:
    for name, inner in list(node.iter_fields()):
        if isinstance(inner, nodes.Node):
            setattr(node, name, _adapted(inner))
        elif isinstance(inner, list):
            changed = [_adapted(each) if isinstance(each, nodes.Node) else each for each in inner]
            setattr(node, name, changed)


def _bounded_node(node: nodes.Node) -> nodes.Node:
    match node:
        case nodes.Call(node=nodes.Getattr(node=value, attr=name)) if name in METHODS:
            filtered = nodes.Filter(value, name, node.args, node.kwargs, None, None)
            return _plain_filter(filtered, node)
        case nodes.Concat(nodes=parts):
            whole = nodes.List(parts, lineno=node.lineno)
            return nodes.Filter(whole, "join", [], [], None, None, lineno=node.lineno)
        case nodes.For():
            node.iter = nodes.Filter(node.iter, "_each", [], [], None, None, lineno=node.lineno)
            if node.recursive:
                raise TemplateFault(f"line {node.lineno}: a loop may not be recursive")
        case nodes.Operand(op="in" | "notin"):
            sought = nodes.Filter(node.expr, "_sought", [], [], None, None, lineno=node.lineno)
            node.expr = sought
        case nodes.Filter():
            return _plain_filter(node, node)
        case nodes.Test():
            _check_known(node, TESTS_TOLD)
        case nodes.Call():
            raise TemplateFault(f"line {node.lineno}: a template calls nothing; use a filter")
        case _ if not isinstance(node, _ALLOWED):
            what = type(node).__name__.lower()
            raise TemplateFault(f"line {node.lineno}: `{what}` is not to be had in a template here")
        case _:
            pass
    return node


def _plain_filter(filtered: nodes.Filter, written: nodes.Expr) -> nodes.Filter:
    _check_known(filtered, FILTERS.keys() | STYLED)
    if filtered.node is None or written.dyn_args is not None or written.dyn_kwargs is not None:  # type: ignore[attr-defined]
        raise TemplateFault(
            f"line {written.lineno}: a filter takes what is written for it, no more"
        )
    filtered.lineno = written.lineno
    return filtered


def _check_names(tree: nodes.Template) -> None:
    named = list(tree.find_all(nodes.Name))
    known = {each.name for each in named if each.ctx != "load"} | NAMES | {"loop"}
    for each in named:
        if each.name not in known:
            there = ", ".join(sorted(NAMES))
            raise TemplateFault(
                f"line {each.lineno}: there is no `{each.name}`; there are: {there}"
            )


def _check_known(node: nodes.Filter | nodes.Test, names: Collection[str]) -> None:
    """Jinja itself tells it only when the template is used."""
    if node.name not in names:
        raise TemplateFault(f"line {node.lineno}: there is no `{node.name}`")


class Template:
    """A template that is known to be good. Raises `TemplateFault` where it is not."""

    def __init__(self, source: str, style: Style) -> None:
        self._template = _made(source, style, lambda sandbox: sandbox.parse(source))

    def render(self, **values: Any) -> str:
        """Return the words that it makes of a payload. Raises `TemplateFault`."""
        lines = _rendered(self._template, values).splitlines()
        return "\n".join(line.rstrip() for line in lines).strip()


class Condition:
    """An expression that says which calls count. Raises `TemplateFault` where it is none."""

    def __init__(self, source: str) -> None:
        def tree(sandbox: _Sandbox) -> nodes.Template:
            parser = Parser(sandbox, source, state="variable")
            expression = parser.parse_expression()
            if not parser.stream.eos:
                raise TemplateFault("a filter is one expression, without braces")
            said = nodes.Output([nodes.TemplateData("yes")], lineno=1)
            whole = nodes.Template([nodes.If(expression, [said], [], [], lineno=1)], lineno=1)
            return whole.set_environment(sandbox)  # type: ignore[return-value]

        self._template = _made(source, PLAIN, tree)

    def holds(self, **values: Any) -> bool:
        """Say whether a call counts. Raises `TemplateFault`."""
        return bool(_rendered(self._template, values))


def _made(source: str, style: Style, tree: Callable[[_Sandbox], nodes.Template]) -> Any:
    if len(source) > LONGEST_TEMPLATE:
        raise TemplateFault(f"a template has at most {LONGEST_TEMPLATE} characters")
    sandbox = _Sandbox(style)
    try:
        whole = tree(sandbox)
        _adapted(whole)
        whole.set_environment(sandbox)
        _check_names(whole)
        return sandbox.from_string(whole)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f"line {line}: " if line else ""
        raise TemplateFault(f"{where}{error.message}") from None
    except (RecursionError, SyntaxError, MemoryError):
        raise TemplateFault("the template is nested too deeply") from None


def _rendered(template: Any, values: Mapping[str, Any]) -> str:
    try:
        with rendering():
            return _bounded(template.generate(**values))
    except TemplateFault:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever a template does with a payload is its own
        raise TemplateFault(f"it does not fit this payload: {type(error).__name__}") from None


def _bounded(pieces: Iterable[str]) -> str:
    found, size = [], 0
    for each in pieces:
        found.append(each)
        size += len(each)
        if size > LONGEST:
            return "".join(found)[:LONGEST].rstrip() + CUT
    return "".join(found)
