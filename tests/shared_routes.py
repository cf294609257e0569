"""A map of URL rules that shops of a test process share: making it would be half of the work of creating a shop."""

from __future__ import annotations

from collections.abc import Hashable
from operator import attrgetter
from threading import RLock
from typing import Any

from sqlalchemy.util import LRUCache
from werkzeug.routing import Map, Rule, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher

_OF_MAP = attrgetter(
    *("default_subdomain", "strict_slashes", "merge_slashes", "redirect_defaults"),
    *("host_matching", "sort_parameters", "sort_key"),
)
_OF_RULE = attrgetter(
    *("rule", "endpoint", "subdomain", "host", "strict_slashes", "merge_slashes"),
    *("build_only", "alias", "websocket", "redirect_to"),
)
_LOCK = RLock()
_NUMBERS: dict[Hashable, int] = {}  # by the options of maps
_BOUND: dict[Hashable, Rule] = {}  # by signature
_MADE: LRUCache[Any, tuple[StateMachineMatcher, dict[Any, list[Rule]]]] = LRUCache(20)  # by signatures


class SharedMap(Map):
    """A map that takes its rules when it is first used: those of an equal map if there has been one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._added: list[tuple[Hashable, Rule]] = []
        super().__init__(*args, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        """Note a rule, which `Map` would bind now; so the options and converters must be those of the first rule."""
        number = self._find_number()
        if not self._added:
            self._number = number
        assert number == self._number, "the map has changed after its first rule"
        self._added += [(_sign(number, rule), rule) for rule in rulefactory.get_rules(self)]
        self._remap = True

    def update(self) -> None:
        """Take the rules: `Map` calls this before each use."""
        if not self._remap:
            return
        with _LOCK:
            assert not self._added or self._find_number() == self._number, (
                "the map has changed after its rules"
            )
            key = tuple(signature for signature, _rule in self._added)
            if key in _MADE:
                self._matcher, self._rules_by_endpoint = _MADE[key]
                self._remap = False
                return
            self._matcher, self._rules_by_endpoint = StateMachineMatcher(self.merge_slashes), {}
            for signature, rule in self._added:
                self._take(signature, rule)
            super().update()  # sorts them
            _MADE[key] = self._matcher, self._rules_by_endpoint

    def _find_number(self) -> int:
        return _NUMBERS.setdefault((_OF_MAP(self), *self.converters.items()), len(_NUMBERS))

    def _take(self, signature: Hashable, rule: Rule) -> None:
        if signature not in _BOUND:
            rule.bind(self)
            _BOUND[signature] = rule
        bound = _BOUND[signature]
        if not bound.build_only:
            self._matcher.add(bound)
        self._rules_by_endpoint.setdefault(bound.endpoint, []).append(bound)


def _sign(number: int, rule: Rule) -> Hashable:
    """Return what makes two rules equal, in maps with this number for their options."""
    methods = None if rule.methods is None else frozenset(rule.methods)
    automatic = getattr(rule, "provide_automatic_options", None)  # Flask's
    return number, methods, repr(rule.defaults), automatic, _OF_RULE(rule)
