"""Where a voice server is, whether it may be asked, and with which key.

A workflow may name any address, and workflows are shared. So an address that stands in one is only asked if it is of this machine, or the
user has allowed it; and a key goes to no address but the one the user has tied it to. What the user allows is a list of addresses, each
perhaps with a key, `http://192.168.1.20:8080=secret, https://api.example.com=$MY_KEY` ($NAME reads a variable of the environment):
  - in the environment, TALKING_AVATAR_VOICE_SERVERS;
  - inside ComfyUI, in its settings (TalkingAvatar.VoiceServers), which no workflow can reach.
"""
from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ...host import comfyui
from ...host.errors import InputError

ALLOWED, PATHS = "TALKING_AVATAR_VOICE_SERVERS", "TALKING_AVATAR_VOICE_PATHS"
ALLOWED_SETTING, PATHS_SETTING = "TalkingAvatar.VoiceServers", "TalkingAvatar.VoicePaths"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_HOST = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Address:
    """scheme: "http" or "https". path: what a proxy may put in front of the server's own paths, "" or "/name". key: sent as a bearer
    token, None for none; never shown."""

    scheme: str
    host: str
    port: int
    path: str = ""
    key: str | None = field(default=None, repr=False)

    @property
    def host_header(self) -> str:
        """As it stands in a Host header: without the port that goes without saying."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def shown(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path}"

    @property
    def is_this_machine(self) -> bool:
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


_PORTS = {"http": 80, "https": 443}


def server_address(text: str, usual: str, typed: bool = False) -> Address:
    """The address to ask, with its key. usual: where such a server is if `text` is empty. typed: the user wrote it at the terminal, no
    workflow did.

    Raises InputError for what is no address of a server, and for another machine that the user has not allowed."""
    address = read_address(text.strip() or usual)
    for known in _allowed():
        if (known.scheme, known.host, known.port) == (address.scheme, address.host, address.port):
            return replace(address, key=known.key)
    if address.is_this_machine or typed:
        return address
    raise InputError(f"The voice server {address.shown} is on another machine, where your text and recordings would go: allow it first, "
                     f"by writing {address.scheme}://{address.host_header} into Settings > Talking Avatar > Voice servers, or into the "
                     f"variable {ALLOWED}.")


def read_address(text: str) -> Address:
    """An address as people write it: with or without http://, a port, /v1, a slash at the end. Raises InputError."""
    written = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(written)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _no_address(text) from None
    path = parts.path.rstrip("/").removesuffix("/v1")
    if parts.scheme not in _PORTS:
        raise InputError(f"'{text}' is no address of a voice server: it must begin with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise InputError("A name or password does not belong into a server's address, which is saved in workflows: keep keys in the "
                         f"settings or in {ALLOWED}.")
    if parts.query or parts.fragment or not _PREFIX.fullmatch(path) or ".." in path or not _is_host(host):
        raise _no_address(text)
    return Address(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path)


def server_path(local: str) -> str | None:
    """How the server calls a file of this machine, by the user's table LOCAL=SERVER of folders; None if no line of it fits."""
    for line in _lines(PATHS, PATHS_SETTING):
        here, equals, there = (part.strip() for part in line.partition("="))
        if equals and here and there and (local == here or local.startswith(here.rstrip("/\\") + os.sep)):
            rest = local[len(here.rstrip("/\\")) :]
            return there.rstrip("/\\") + (rest.replace("/", "\\") if re.match(r"[A-Za-z]:|\\\\", there) else rest.replace("\\", "/"))
    return None


def _is_host(host: str) -> bool:
    try:
        return bool(_HOST.fullmatch(host)) or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _no_address(text: str) -> InputError:
    return InputError(f"'{text}' is no address of a voice server: write it like http://127.0.0.1:9880.")


def _allowed() -> Iterator[Address]:
    for entry in _lines(ALLOWED, ALLOWED_SETTING):
        where, _, key = (part.strip() for part in entry.partition("="))
        if key.startswith("$"):
            key = os.environ.get(key[1:], "")
        yield replace(read_address(where), key=key or None)


def _lines(variable: str, setting: str) -> Iterator[str]:
    for text in (os.environ.get(variable, ""), _setting(setting)):
        yield from (part.strip() for part in re.split(r"[,\n]", text) if part.strip())


def _setting(name: str) -> str:
    """A text of ComfyUI's settings of its (first) user."""
    if not comfyui.is_here():
        return ""
    try:
        found = json.loads((comfyui.home().parent / "default" / "comfy.settings.json").read_text(encoding="utf-8")).get(name)
    except (OSError, ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""
