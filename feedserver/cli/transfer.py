"""`feedserver export` and `import`. What they need is imported late: servers never do."""

from argparse import Namespace
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from feedserver.cli.arguments import Commands, counted, open_site, verb
from feedserver.cli.progress import Progress, interruptible, progress
from feedserver.errors import ExportIncomplete, ImportDamaged, ImportRefused
from feedserver.net.exchange import exchange
from feedserver.services import Services, egress_policy
from feedserver.text import strangers_line

if TYPE_CHECKING:
    from feedserver.transfer.imports.importing import Import, Importer
    from feedserver.transfer.imports.planning import Counts

_ABOUT_EXPORT: Final = """Documents, pictures, comments and pings, redirects, settings without secrets. Emails are in
it, in files for your eyes alone. To keep the site safe, use `backup`: it holds all, in one file."""
_ABOUT_IMPORT: Final = """The plan comes first: what is new, what is here already, what is left out and why. An import
may be stopped, and repeated: nothing is doubled, what was changed here stays. Nobody elsewhere is told of what is
imported."""
_EXPORTED: Final = {
    "posts.jsonl": ("post or page", "posts and pages"),
    "thoughts.jsonl": ("thought", ""),
    "media.jsonl": ("picture or file", "pictures and files"),
}
_KINDS: Final = (
    *("wordpress", "ghost", "blogger", "movabletype", "medium", "feed", "jekyll", "hugo", "pelican", "obsidian"),
    *("markdown", "isso", "disqus", "commento", "webmention.io", "feedserver"),
)
_FIRST: Final = 5  # remarks with the same reason that are shown
_MOST_MENDED: Final = 200  # lines that are named
_LINE: Final = 300  # characters


def add_commands(commands: Commands) -> None:
    files = verb(commands, "export", _export, "write the whole site as files that people and other programs read")
    files.epilog = _ABOUT_EXPORT
    files.add_argument("folder", metavar="DIR", type=Path, help="a new folder")

    made = verb(commands, "import", _import, "take in posts, pages, comments, pings and pictures from another system")
    made.epilog = _ABOUT_IMPORT
    made.add_argument("path", metavar="PATH", type=Path, help="a file, a folder, a zip or a tar.gz")
    kind = "what it is, where that is not recognised: " + ", ".join(_KINDS)
    made.add_argument("--from", metavar="KIND", dest="kind", help=kind)
    pictures = "a folder with pictures and files of the old site; what neither it nor the export has is fetched there"
    made.add_argument("--media", metavar="DIR", type=Path, help=pictures)
    made.add_argument("--dry-run", action="store_true", help="say all that would be done, and do nothing")
    made.add_argument("--force", action="store_true", help="import what can be read of a damaged export")
    made.set_defaults(wrong_usage=made.error)


def _export(chosen: Namespace) -> None:
    from feedserver.transfer.exports.export import export

    services = open_site()
    with interruptible(), progress() as report:
        written = export(services, chosen.folder, report)
    numbers = (counted(written.counts[file], *nouns) for file, nouns in _EXPORTED.items())
    print(f"{chosen.folder}: {', '.join(numbers)}")
    if not written.knows_removed:
        print("what was removed here is not known where it is taken in: this site is older than the key that tells it")
    if written.lost:
        raise ExportIncomplete(written.lost.told)


def _import(chosen: Namespace) -> None:
    from feedserver.transfer.imports.kinds import kinds

    if chosen.kind is not None and chosen.kind not in kinds():
        chosen.wrong_usage(f"--from: there is no kind “{chosen.kind}”; the kinds are {', '.join(kinds())}")
    services = open_site()
    importer = importer_of(services)
    with interruptible(), progress() as report:
        try:
            with importer.opened(chosen.path, chosen.kind, chosen.media, report, writes=not chosen.dry_run) as found:
                _carry_out(services, found, chosen, report)
        except ImportRefused as error:
            raise type(error)(f"{chosen.path}: {error}") from None


def _carry_out(services: Services, found: "Import", chosen: Namespace, line: Progress) -> None:
    if chosen.dry_run:
        found.check()
    line.clear()
    _say_plan(services, found)
    mended = found.mended()
    for remark in mended[:_MOST_MENDED]:
        print(strangers_line(f"mended: {remark.where}: {remark.what}: {remark.why}", _LINE))
    if len(mended) > _MOST_MENDED:
        print(f"and {len(mended) - _MOST_MENDED:,} more lines were mended")
    if chosen.dry_run:
        _say_addresses(found)
        _say_remarks(found, None)
        return
    if mended and not chosen.force:
        raise ImportDamaged("it is damaged, and nothing was imported; --force imports what can be read")
    written = found.apply()
    line.clear()
    _say_remarks(found, _FIRST)
    print(f"imported {', '.join(counted(number, noun) for noun, number in written.items())}")


def importer_of(services: Services) -> "Importer":
    """What imports into a site. It may fetch larger files than pages are."""
    from feedserver.transfer.imports.importing import Importer

    largest = services.settings.media.largest
    policy = replace(egress_policy(services.settings), max_bytes=largest)
    return Importer(
        services.database,
        services.urls,
        services.settings,
        services.quiet_publisher(),
        services.library,
        partial(exchange, policy=policy),
        services.clock,
    )


def _say_plan(services: Services, found: "Import") -> None:
    from feedserver.transfer.exports import settings_file

    origin, plan = found.spool.origin, found.plan
    print(strangers_line(f"read as {found.kind}: {origin.name}", _LINE))
    for noun, counts in (("post", plan.posts), ("page", plan.pages), ("thought", plan.thoughts), ("file", plan.media)):
        if counts.total:
            print(_counts(noun, counts))
    if found.whole:
        print("this site is empty: it becomes as the export is, with what was erased or never settled")
    defaults = settings_file.defaults(services.settings) if found.is_own else {}
    for key, there in sorted({**defaults, **origin.settings}.items()):
        section, _, name = key.partition(".")
        here = settings_file.said(getattr(getattr(services.settings, section, None), name, ""))
        if here != there:
            print(strangers_line(f"{key} is “{there}” there and “{here}” here; it is not changed", _LINE))


def _counts(noun: str, counts: "Counts") -> str:
    parts = [f"{counts.new:,} new"]
    if counts.known:
        changed = f" ({counts.changed:,} changed there since)" if counts.changed else ""
        parts.append(f"{counts.known:,} here already{changed}")
    if counts.refused:
        parts.append(f"{counts.refused:,} on pages, which take none")
    return f"{counted(counts.total, noun)}: {', '.join(parts)}"


def _say_addresses(found: "Import") -> None:
    for old, new in found.addresses():
        if old != new:
            print(f"{strangers_line(old, _LINE)} -> {new}")


def _say_remarks(found: "Import", first: int | None) -> None:
    """Prints what was left out or changed: the `first` of each reason, but all that no dry run tells."""
    from feedserver.transfer.imports.importing import LATE

    for (treatment, why), remarks in groupby(found.remarks(), key=lambda one: (one.treatment, one.why)):
        most = None if why in LATE else first
        shown, number = [], 0
        for number, one in enumerate(remarks, 1):
            if most is None or number <= most:
                shown.append(f"  {one.where}: {one.what}")
        print(strangers_line(f"{treatment} ({number:,}): {why}", _LINE))
        for line in shown:
            print(f"  {strangers_line(line, _LINE)}")
        if most is not None and number > most:
            print(f"  and {number - most:,} more; --dry-run shows all")
