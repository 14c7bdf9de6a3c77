"""Whether a query keeps to the stated subset of Athena SQL, and what to write where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from resources.dialect.rules import node_findings, statement_findings
from resources.dialect.subset import FUNCTIONS, INSTEAD, words
from resources.dialect.tree import parse


@dataclass(frozen=True)
class Problem:
    """What is wrong, where (1-based line of the file, 0 for the whole) and what to write."""

    rule: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        """Return the problem as one line of a report."""
        return f"line {self.line}: {self.message} [{self.rule}]"


# Words that stand before a parenthesis without being a function.
_STRUCTURE = words(
    """
    in as over values filter and or on exists not using by when then else from join where select
    having union all except intersect distinct unnest with lateral between is like interval case
    array row decimal varchar char timestamp time any some grouping sets partition rows range
    cube rollup ordinality
    """
)
_NO_PARENTHESES = words("current_date current_time current_timestamp localtime localtimestamp")


def lint(sql: str) -> list[Problem]:
    """Return the problems by which a query differs between Athena and DuckDB; empty if none.

    Accepts a statement or a bare expression. ValueError when it does not parse.
    """
    found = {*_functions(sql), *_tree(sql)}
    return sorted(found, key=lambda p: (p.line, p.rule, p.message))


@lru_cache(maxsize=256)
def written_functions(sql: str) -> tuple[tuple[str, int], ...]:
    """Return the functions as written, lower case, with their lines."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.tokens import TokenType

    own = {cte.alias.lower() for cte in parse(sql).find_all(exp.CTE)}
    tokens, found = sqlglot.tokenize(sql, read="athena"), []
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        name = token.text.lower()
        # An alias with its columns, `AS h (hit, n)`, looks like a call.
        aliased = before is not None and before.token_type in {TokenType.ALIAS, TokenType.WITH}
        called = after is not None and after.token_type == TokenType.L_PAREN
        named = name.replace("_", "a").isalnum() and token.token_type != TokenType.STRING
        bare = name in _NO_PARENTHESES and token.token_type != TokenType.IDENTIFIER
        if bare or (called and named and not aliased and name not in _STRUCTURE | own):
            found.append((name, token.line))
    return tuple(found)


def _functions(sql: str) -> Iterator[Problem]:
    for name, line in written_functions(sql):
        if name not in FUNCTIONS:
            why = INSTEAD.get(name, "it is not in the subset: docs/decisions/0001-athena-subset.md")
            yield Problem("function", f"{name}: {why}", line)


def _tree(sql: str) -> Iterator[Problem]:
    tree = parse(sql)
    for rule, message in statement_findings(tree):
        yield Problem(rule, message)
    for node in tree.walk():
        for rule, message in node_findings(node):
            yield Problem(rule, message, _line(node))


def _line(node: Any) -> int:
    lines = (n.meta["line"] for n in node.walk() if "line" in n.meta)
    return int(next(lines, 0))
