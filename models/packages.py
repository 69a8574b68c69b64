"""Whether the Python packages are there that stock parts of networks come from."""
from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from ..host.errors import MissingModel


def require_packages(who: str, packages: Iterable[str]) -> None:
    """Raises MissingModel with one sentence that names those that are not there, and how to get them."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise MissingModel(f"{who} needs the Python packages {' and '.join(missing)}: run `python -m pip install {' '.join(missing)}` with "
                           "the Python that runs this.")
