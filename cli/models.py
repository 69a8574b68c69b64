"""`talking-avatar models`: which checkpoints there are, where they lie, and bringing one onto this machine."""
from __future__ import annotations

import argparse
import sys

from ..models.catalogue import Checkpoint, checkpoints, rows_named
from ..models.find import find_row, missing, target


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add `models` with `list`, `get` and `where`."""
    parser = commands.add_parser("models", help="list checkpoints of networks, bring one, or say where it is")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|get|where")
    listing = actions.add_parser("list", help="every checkpoint the pack can use: size, licence, and whether it is there")
    listing.add_argument("family", nargs="?", help="only those of one family (wav2lip, latentsync, …)")
    listing.set_defaults(run=_list)
    getting = actions.add_parser("get", help="download checkpoints by name; HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN are respected")
    getting.add_argument("names", nargs="+", metavar="NAME", help="a name or a bundle of `talking-avatar models list`")
    getting.set_defaults(run=_get)
    place = actions.add_parser("where", help="print the path of a checkpoint; exit code 3 if it is not there")
    place.add_argument("name", metavar="NAME")
    place.set_defaults(run=_where)


def _list(chosen: argparse.Namespace) -> int:
    rows = [row for row in checkpoints() if chosen.family in (None, row.family)] or [row for row in rows_named(chosen.family)]
    if sys.stdout.isatty():
        _draw(rows)
        return 0
    for row in rows:
        path = find_row(row)
        state = f"there\t{path}" if path else ("can be fetched" if row.sources else "by hand") + f"\t{row.where}"
        sys.stdout.write(f"{row.name}\t{row.bundle or '-'}\t{row.size}\t{row.licence}\t{row.purpose}\t{state}\n")
    return 0


def _draw(rows: list[Checkpoint]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False, row_styles=("", "dim") if len(rows) > 30 else None)
    for title, style in (("name", "bold"), ("what it is", ""), ("size", ""), ("licence", ""), ("here", "")):
        table.add_column(title, style=style, overflow="fold", justify="right" if title == "size" else "left",
                         no_wrap=title in ("name", "size", "here"))
    family = None
    for row in rows:
        if row.family != family:
            table.add_section()
            family = row.family
        here = Text("yes", "green") if find_row(row) else Text("get it" if row.sources else "by hand", "yellow")
        name = Text(row.name, "bold") + Text(f"\n{row.bundle}" if row.bundle else "", "dim")
        licence = Text(row.licence, "" if row.commercial else "yellow")
        table.add_row(name, row.purpose, row.readable_size.replace("about ", "~ "), licence, here)
    console = Console()
    console.print(table)
    console.print(Text("A licence in yellow does not allow commercial use, or says nothing about it. A name in grey is a bundle: files\n"
                       "that are of use together. `talking-avatar models get NAME` brings one; your own files are found in ComfyUI's\n"
                       "folders, and in", "dim"), end=" ")
    console.print(Text(str(target(rows[0]).parent.parent), "dim"), soft_wrap=True)


def _get(chosen: argparse.Namespace) -> int:
    from ..models.download import download
    from .progress import TerminalProgress

    rows = [row for name in chosen.names for row in rows_named(name)]
    for row in dict.fromkeys(row.name for row in rows):
        wanted = next(one for one in rows if one.name == row)
        if find_row(wanted) is None:
            sys.stderr.write(f"{wanted.name}: {wanted.readable_size} from {wanted.where}; licence: {wanted.licence}\n")
        with TerminalProgress() as progress:
            path = download(wanted, progress)
        sys.stdout.write(f"{path}\n")
    return 0


def _where(chosen: argparse.Namespace) -> int:
    found = [(row, find_row(row)) for row in rows_named(chosen.name)]
    for row, path in found:
        (sys.stdout if path else sys.stderr).write(f"{path or missing(row)}\n")
    return 0 if all(path for _, path in found) else 3
