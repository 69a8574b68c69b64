"""What all voices of servers have in common: a sentence goes out, an answer comes back, and only clean speech gets through.

A dialect is a class of its own file over `ServerVoice` that says what to send (`request`) and what its server is known for."""
from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from ...host.errors import InputError, ServerError
from ...host.progress import Progress
from ...media.open import sound_of_array
from ..speech import Speech
from .byte_stream import ByteStream
from .http_client import BrokenReply, Reply, Request, Timeouts, exchange
from .reply_errors import sentence_of
from .riff_stream import PcmFormat
from .sentences import sentences
from .server_address import ALLOWED, server_address
from .sound_sanity import require_speech, strange_pace
from .sound_stream import SoundStream, kind_of, sound_of_bytes
from .tempo import at_tempo
from .voice_engine import VoiceSettings
from .wrapped_sound import unwrapped

_LONGEST_WAIT = 30.0
_RATE_HEADERS = ("x-sample-rate", "sample-rate", "x-audio-sample-rate")


class Refused(ServerError):
    """The server answered with another status than 200."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class ServerVoice:
    """A voice.Voice over HTTP. notes: what a user should know about the speech that came, in sentences."""

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    usual: ClassVar[str]
    """The address such a server has if nobody changed it."""
    languages: ClassVar[tuple[str, ...]] = ()
    words: ClassVar[Mapping[str, str]] = {}
    """How the server calls a language that it calls otherwise; it knows `languages` alone, or any if there are none."""
    rate: ClassVar[int] = 24000
    """Of samples that come without a header."""
    rest: ClassVar[float] = 0.25
    tags: ClassVar[bool] = False
    """Whether [laugh] is an instruction, not a word."""
    longest: ClassVar[int] = 200
    """Characters of one request, so that a cancel, progress and the server's own limits all work between sentences."""
    has_speed = True
    hint: ClassVar[str] = ""
    """What usually is the matter when such a server fails; stands behind every error of its."""

    def __init__(self, asked: VoiceSettings, progress: Progress) -> None:
        self.asked = asked
        self.address = server_address(asked.server, self.usual, asked.typed)
        self.language = self._language_word(asked.language)
        self.notes = [f"{self.title}: {self.licence}."]
        if self.address.key and self.address.scheme == "http" and not self.address.is_this_machine:
            self.notes.append(f"The key for {self.address.shown} travels unencrypted: use https where others may listen.")
        self._progress, self._announced = progress, 0
        self._timeouts = Timeouts(read=asked.patience, total=max(3600.0, asked.patience))
        recording = asked.reference
        self.cache_words = (self.name, self.address.shown, asked.voice, asked.language, f"{asked.speed:g}", str(asked.seed),
                            str(asked.sample_rate), recording.sound.content_key if recording else "", (recording and recording.text) or "")

    def request(self, text: str, streamed: bool) -> Request:
        """What to send for one sentence. streamed: let the server send sound while it still speaks."""
        raise NotImplementedError

    def unreadable(self, text: str) -> str:
        """Numbers, addresses and foreign words are left to the engine."""
        return ""

    def synthesize(self, text: str) -> Speech:
        """See `voice.Voice.synthesize`; no phoneme times. Raises ServerError, InputError, Cancelled."""
        rate, blocks = 0, []
        for sentence in sentences(text, self.longest):
            with self._answer(sentence, streamed=False) as sound:
                rate = rate or sound.rate
                blocks += list(self._checked(sound, sentence))
        samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        return Speech(sound_of_array(samples, rate or self.rate), None, text, self.asked.language)

    def stream(self, text: str) -> Iterator[Speech]:
        """The same samples in pieces as they come, when the server makes the same of both requests. What is wrong with a sentence may
        only show behind its last piece."""
        for sentence in sentences(text, self.longest):
            with self._answer(sentence, streamed=True) as sound:
                for block in self._checked(sound, sentence):
                    if len(block):
                        yield Speech(sound_of_array(block, sound.rate), None, None, self.asked.language)

    def ask(self, request: Request) -> Any:
        """The JSON (or text) that the server answers to a small request. Raises ServerError for any status but 200."""
        with exchange(self.address, request, self._timeouts, self._progress) as reply:
            body = reply.body(64 << 20)
            if reply.status != 200:
                raise self._refused(reply, body)
        try:
            return json.loads(body)
        except ValueError:
            return body.decode("utf-8", "replace")

    def ask_or_none(self, path: str) -> Any:
        """What a GET answers; None where the server has no such path."""
        with exchange(self.address, Request("GET", path, accept="application/json"), self._timeouts, self._progress) as reply:
            body = reply.body(16 << 20)
            if reply.status != 200:
                return None
        try:
            return json.loads(body)
        except ValueError:
            return None

    @contextmanager
    def _answer(self, text: str, streamed: bool) -> Iterator[SoundStream]:
        """The sound of an answer; the line is closed with the block. Asked once more where it broke before the first byte."""
        pieces = self._pieces(text, streamed)
        try:
            try:
                stream = ByteStream(pieces)
                stream.peek(1)
            except BrokenReply as broken:
                if broken.arrived:
                    raise
                pieces = self._pieces(text, streamed)
                stream = ByteStream(pieces)
            yield self._sound(stream)
        except BrokenReply as broken:
            raise self._with_hint(broken) from broken
        finally:
            pieces.close()

    def _pieces(self, text: str, streamed: bool) -> Iterator[bytes]:
        """The body of a good answer; waits while the server says that it is still loading."""
        request = self.request(text, streamed)
        patient_until = time.monotonic() + self.asked.patience
        while True:
            with exchange(self.address, request, self._timeouts, self._progress) as reply:
                if reply.status == 200:
                    self._announced = _announced_rate(reply)
                    yield from reply.chunks
                    return
                refusal, seconds = self._refused(reply, reply.body()), _retry_after(reply)
            if seconds is None or time.monotonic() + seconds > patient_until:
                raise refusal
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self._progress.check()
                time.sleep(0.05)

    def _sound(self, stream: ByteStream) -> SoundStream:
        if kind_of(stream) == "words":
            stream = unwrapped(stream) or stream
        try:
            stream.peek(1)  # by then it has told its rate, if it does
            self._announced = getattr(stream, "rate", 0) or self._announced
            return sound_of_bytes(stream, self.bare_format(stream))
        except BrokenReply:
            raise
        except ServerError as error:
            raise self._with_hint(error) from error

    def bare_format(self, stream: ByteStream) -> PcmFormat:
        """The format of samples without a header: what the user says, what the answer's headers say, what is usual."""
        return PcmFormat(rate=self.asked.sample_rate or self._announced or self.rate)

    def _checked(self, sound: SoundStream, text: str) -> Iterator[np.ndarray]:
        """The sound's blocks; raises behind the last one if it was no speech."""
        heard: list[np.ndarray] = []

        def kept() -> Iterator[np.ndarray]:
            for block in sound.blocks:
                heard.append(block)
                yield block

        try:
            yield from at_tempo(kept(), sound.rate, 1.0 if self.has_speed else self.asked.speed)
        except BrokenReply as broken:
            seconds = sum(map(len, heard)) / sound.rate
            raise self._with_hint(f"{broken} {seconds:.1f} s of sound had come and are not used.") from broken
        samples = np.concatenate(heard) if heard else np.zeros(0, np.float32)
        try:
            require_speech(samples, sound.rate, sound.is_bare)
        except ServerError as error:
            raise self._with_hint(error) from error
        note = strange_pace(text, len(samples) / sound.rate, sound.is_bare)
        if note and note not in self.notes:
            self.notes.append(note)

    def _language_word(self, language: str) -> str:
        tag = language.lower().replace("_", "-")
        for known in (tag, tag.split("-")[0]):
            if not self.languages or known in self.languages:
                return self.words.get(tag, self.words.get(known, known))
        raise InputError(f"{self.title} does not speak '{language}'. It speaks: {', '.join(self.languages)}.")

    def _refused(self, reply: Reply, body: bytes) -> Refused:
        return Refused(self._refusal(reply, body), reply.status)

    def _refusal(self, reply: Reply, body: bytes) -> str:
        where, said = self.address.shown, sentence_of(body)
        if 300 <= reply.status < 400:
            return (f"The server at {where} sends us on to {reply.headers.get('location', 'another address')[:200]}: if you trust that "
                    "address, write it into `server`.")
        if reply.status in (401, 403):
            return (f"{self.title} at {where} wants a key, or another one ({reply.status}: {said}) Write "
                    f"{self.address.scheme}://{self.address.host_header}=KEY into Settings > Talking Avatar > Voice servers, or into the "
                    f"variable {ALLOWED}.")
        if reply.status in (404, 405):
            return (f"The server at {where} is not a {self.title} server, or does not know what was asked ({reply.status}: {said}) "
                    f"`talking-avatar voice probe {where}` tells what it is.")
        return f"{self.title} at {where} refused ({reply.status}): {said} {self.hint}".rstrip()

    def _with_hint(self, error: ServerError | str) -> ServerError:
        """What went wrong, and behind it what this server is known for."""
        return ServerError(f"{error} {self.hint}".rstrip())


def json_request(path: str, fields: Mapping[str, Any], accept: str = "*/*") -> Request:
    """A POST of JSON."""
    return Request("POST", path, json.dumps(fields, ensure_ascii=False).encode(), "application/json", accept)


def form_request(path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]] | None = None) -> Request:
    """A POST of a form (multipart/form-data, RFC 7578). files: (file name, its bytes) of WAV by field."""
    edge = b"----talking-avatar-7f3c5d1e9b"
    parts = [b'Content-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value.encode() for name, value in fields.items()]
    parts += [b'Content-Disposition: form-data; name="' + name.encode() + b'"; filename="' + file.encode() + b'"\r\n'
              b"Content-Type: audio/wav\r\n\r\n" + content for name, (file, content) in (files or {}).items()]
    body = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + edge + b"--\r\n"
    return Request("POST", path, body, f"multipart/form-data; boundary={edge.decode()}")


def _announced_rate(reply: Reply) -> int:
    found = re.search(r"\b(?:rate|samplerate)\s*=\s*\"?(\d+)", reply.headers.get("content-type", ""), re.IGNORECASE)
    texts = [found[1] if found else "", *(reply.headers.get(name, "") for name in _RATE_HEADERS)]
    return next((int(text) for text in texts if text.isdigit() and 4000 <= int(text) <= 384000), 0)


def _retry_after(reply: Reply) -> float | None:
    """Seconds after which a server that is busy or loading wants to be asked again; None if it does not."""
    if reply.status not in (429, 503):
        return None
    text = reply.headers.get("retry-after", "")
    return min(float(text), _LONGEST_WAIT) if text.isdigit() else None
