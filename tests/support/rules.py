"""Compiled URL rules that all applications of one test process share: to compile them took a tenth of a run."""

from typing import Any

from werkzeug.routing import Rule

_compiled: dict[tuple[Any, ...], dict[str, Any]] = {}


class SharingRule(Rule):
    """Set as `Flask.url_rule_class`."""

    def compile(self) -> None:
        """Takes what another rule with the same text and defaults compiled, or compiles for all others."""
        key = self.rule, self.subdomain, self.host, self.endpoint, tuple(sorted((self.defaults or {}).items()))
        if key not in _compiled:
            before = dict(vars(self))
            super().compile()
            _compiled[key] = {name: value for name, value in vars(self).items() if before.get(name) is not value}
        vars(self).update(_compiled[key])
