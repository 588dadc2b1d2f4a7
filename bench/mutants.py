"""Small wrongs put into Python source, one at a time: what a test suite has to notice."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_UNWRAPPED: Final = {"max", "min", "sorted"}


@dataclass(frozen=True)
class Mutant:
    """A changed module: which line, what was done to it, and its whole source."""

    line: int
    change: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module; docstrings, annotations, imports and `__all__` are left alone."""
    tree = ast.parse(source)
    for place, node in enumerate(_nodes(tree)):
        for number, (change, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            target = _nodes(changed)[place]
            _, replacement = _changes(target)[number]
            _replace(changed, target, replacement)
            yield Mutant(getattr(node, "lineno", 0), change, ast.unparse(ast.fix_missing_locations(changed)))


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """The nodes that may be changed, in a fixed order."""
    skipped = {id(inner) for node in ast.walk(tree) for outer in _prose(node) for inner in ast.walk(outer)}
    return [node for node in ast.walk(tree) if id(node) not in skipped]


def _prose(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that say nothing at run time."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [node]
    if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets):
        return [node]
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.FunctionDef):
        every = (*node.args.args, *node.args.kwonlyargs)
        notes = [one.annotation for one in every if one.annotation] + ([node.returns] if node.returns else [])
        return [*notes, *node.decorator_list]
    return node.decorator_list if isinstance(node, ast.ClassDef) else []  # type: ignore[return-value]


def _changes(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """What can be done to one node: a word for it and the node that takes its place."""
    match node:
        case ast.Compare():
            return [
                (f"{type(op).__name__} -> {_COMPARISONS[type(op)].__name__}", _with_operator(node, number))
                for number, op in enumerate(node.ops)
            ]
        case ast.BoolOp(op=op):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            return [("and <-> or", ast.BoolOp(op=other, values=node.values))]
        case ast.UnaryOp(op=ast.Not()):
            return [("not dropped", node.operand)]
        case ast.BinOp(op=op) if type(op) in _OPERATORS:
            return [(f"{type(op).__name__} changed", ast.BinOp(node.left, _OPERATORS[type(op)](), node.right))]
        case ast.Constant():
            return _constant(node)
        case ast.IfExp():
            return [("branches swapped", ast.IfExp(test=node.test, body=node.orelse, orelse=node.body))]
        case ast.Return(value=value) if value is not None and not _is_none(value):
            return [("returns None", ast.Return(value=ast.Constant(None)))]
        case ast.Call(func=ast.Name(id=name)) if name in _UNWRAPPED and node.args:
            return [(f"{name}() dropped", node.args[0])]
    return []


def _constant(node: ast.Constant) -> list[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        return [("True <-> False", ast.Constant(not value))]
    if isinstance(value, int):
        return [("one more", ast.Constant(value + 1))]
    if isinstance(value, str):
        return [("another text", ast.Constant(f"XX{value}"))]
    return []


def _with_operator(node: ast.Compare, number: int) -> ast.Compare:
    ops = list(node.ops)
    ops[number] = _COMPARISONS[type(ops[number])]()
    return ast.Compare(left=node.left, ops=ops, comparators=node.comparators)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _replace(tree: ast.AST, target: ast.AST, replacement: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, field, replacement)
                return
            if isinstance(value, list):
                for index, one in enumerate(value):
                    if one is target:
                        value[index] = replacement
                        return
