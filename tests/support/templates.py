"""Compiled templates that all applications of one test process share: to compile them took a quarter of a run."""

from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_compiled: dict[str, bytes] = {}


class _InMemory(BytecodeCache):
    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in _compiled:
            bucket.bytecode_from_string(_compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        _compiled[bucket.key] = bucket.bytecode_to_string()


class SharingEnvironment(Environment):
    """Set as `Flask.jinja_environment`. Jinja compiles a template anew when its text has changed."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, bytecode_cache=_InMemory(), **options)
