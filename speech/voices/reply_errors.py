"""What a server says has gone wrong, in one short line, out of the seven forms of JSON such servers use, a page, or plain words."""
from __future__ import annotations

import html
import json
import re
from typing import Any

_LONGEST = 300
_KNOWN = (
    (re.compile(r"参考音频在3~10秒范围外|3~10|3-10秒"), "the reference must last 3 to 10 seconds"),
    (re.compile(r"(\S+) not exists"), r"there is no file \1 on the server's own disk"),
    (re.compile(r"Language code sent is either unsupported or misspelled"), "the server's voice does not speak this language"),
    (re.compile(r"unsupported language|is not supported in version", re.IGNORECASE), None),
)


def sentence_of(body: bytes) -> str:
    """One line of at most 300 characters, ending in a full stop, without the server's traceback."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = _of_json(json.loads(text))
    except ValueError:
        found = _of_page(text) if text.startswith("<") else text
    found = _last_line_of_traceback(found or "")[:2000]
    for pattern, words in _KNOWN:
        match = pattern.search(found)
        if match and words is not None:
            found = match.expand(words)
    found = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", found).split())
    if len(found) > _LONGEST:
        found = found[: _LONGEST - 1] + "…"
    found = found or "it does not say why"
    return found if found[-1] in ".!?…。" else found + "."


def _of_json(value: Any) -> str:
    """`message` + `Exception`; `code` + `message`; `statusCode` + `message` + `error`; `detail` as text, list or object; `error` as object
    or text; `status` + `error`; a bare list of what is wrong with each field."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, (_of_field(one) for one in value[:3])))
    if not isinstance(value, dict):
        return ""
    if "Exception" in value:
        return str(value["Exception"] or "") or f"{_of_json(value.get('message', ''))} without a reason"
    for name in ("detail", "error", "message", "msg", "reason"):
        if isinstance(value.get(name), (dict, list)) and _of_json(value[name]):
            return _of_json(value[name])
    for name in ("message", "detail", "error", "msg", "reason", "status"):
        if isinstance(value.get(name), str) and value[name].strip():
            return value[name]
    return ""


def _of_field(one: Any) -> str:
    if isinstance(one, dict) and "msg" in one:
        where = ".".join(str(part) for part in one.get("loc", ()) if part != "body")
        return f"{where}: {one['msg']}" if where else str(one["msg"])
    return _of_json(one)


def _of_page(text: str) -> str:
    title = re.search(r"<(title|h1)[^>]*>(.*?)</\1>", text, re.IGNORECASE | re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", title[2] if title else re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.I | re.S)))


def _last_line_of_traceback(text: str) -> str:
    if "Traceback (most recent call last)" not in text:
        return text
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1]
