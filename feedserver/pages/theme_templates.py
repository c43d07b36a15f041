"""Templates of a theme: where Jinja finds them, and what is wrong with them, so that no reader meets it first."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from traceback import walk_tb
from typing import Final

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, nodes
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError

from feedserver.languages.english import ENGLISH
from feedserver.pages import templating

OURS: Final = "feedserver"  # `feedserver/post.html` is our own, whatever the theme has
_FOLDER: Final = Path(__file__).with_name("templates")
_References = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport


class _NamedLoader(BaseLoader):
    """Gives templates their names as those of their files, which tracebacks tell."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._templates = templates

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self._templates:
            raise TemplateNotFound(template)
        return self._templates[template], template, lambda: True

    def list_templates(self) -> list[str]:
        return sorted(self._templates)


def loader(templates: Mapping[str, str]) -> BaseLoader:
    """The templates of a theme, then ours."""
    ours = FileSystemLoader(_FOLDER)
    return ChoiceLoader([_NamedLoader(templates), PrefixLoader({OURS: ours}), ours])


def faults_of(templates: Mapping[str, str]) -> list[str]:
    """A line for each fault: what does not compile, or refers to what is not there, ours included."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader(templates))
    templating.prepare(environment, ENGLISH)
    try:
        parsed = {name: _parsed(environment, name) for name in environment.list_templates()}
    except TemplateSyntaxError as error:
        return [f"{error.name}, line {error.lineno}: {error.message}"]
    faults = [fault for name, template in parsed.items() for fault in _faults_within(name, template, parsed)]
    circles = [name for name in templates if _is_circle(name, parsed)]
    return faults + [f"{name} extends itself; to change ours, extend “{OURS}/{name}”" for name in circles]


def place_of(error: Exception) -> str | None:
    """The template and the line in which an error was raised while pages were made; None if it was elsewhere.

    Where the templates of a theme use ours, it is the place in the theme.
    """
    steps = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    ours = [(f"{OURS}/{Path(file).name}", line) for file, line in steps if file.startswith(f"{_FOLDER}/")]
    theirs = [step for step in steps if step[0].endswith(".html") and not Path(step[0]).is_absolute()]
    if not (places := theirs or ours):
        return None
    return "{}, line {}".format(*places[-1])


def _parsed(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader is not None, "it was made with one"
    source, _, _ = environment.loader.get_source(environment, name)
    environment.compile(source, name, name)  # which finds filters and tests that are not there
    return environment.parse(source, name, name)


def _faults_within(name: str, template: nodes.Template, parsed: Mapping[str, nodes.Template]) -> Iterator[str]:
    for reference in template.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        assert isinstance(reference, _References)
        for referred in _names_in(reference.template):
            if referred not in parsed:
                if not (isinstance(reference, nodes.Include) and reference.ignore_missing):
                    yield f"{name}, line {reference.lineno}: there is no template “{referred}”"
            elif isinstance(reference, nodes.FromImport):
                missing = _imported(reference) - _defined(parsed[referred])
                yield from (f"{referred} has no “{one}”, which {name} takes from it" for one in sorted(missing))


def _is_circle(name: str, parsed: Mapping[str, nodes.Template]) -> bool:
    """Whether a template comes back to itself by what it extends."""
    seen, at = {name}, _parent(name, parsed)
    while at is not None and at not in seen:
        seen.add(at)
        at = _parent(at, parsed)
    return at == name


def _parent(name: str, parsed: Mapping[str, nodes.Template]) -> str | None:
    extends = parsed[name].find(nodes.Extends) if name in parsed else None
    return next(_names_in(extends.template), None) if extends else None


def _names_in(expression: nodes.Expr) -> Iterator[str]:
    """The names of templates that are written out."""
    constants = [expression] if isinstance(expression, nodes.Const) else expression.find_all(nodes.Const)
    yield from (constant.value for constant in constants if isinstance(constant.value, str))


def _imported(reference: nodes.FromImport) -> set[str]:
    return {name if isinstance(name, str) else name[0] for name in reference.names}


def _defined(template: nodes.Template) -> set[str]:
    """The names that others may import from a template."""
    macros = {macro.name for macro in template.find_all(nodes.Macro)}
    return macros | {name.name for name in template.find_all(nodes.Name) if name.ctx == "store"}
