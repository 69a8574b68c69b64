"""A voice server on loopback whose every byte a test decides: `VoiceServer(answer)`, where `answer(call)` says what goes out when."""
import io
import json
import socket
import struct
import threading
import time
from contextlib import suppress
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

RATE = 24000


def spoken(seconds=1.0, rate=RATE, pitch=140.0):
    """int16 [n]: a voice-like sound, the same for the same arguments."""
    time_ = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * pitch * k * time_ + k) / k for k in range(1, 12))
    return np.round(wave * 0.15 * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time_)) * 32767).astype("<i2")


def wav_header(rate=RATE, riff=36, data=0, list_chunk=False):
    """As servers write it: sizes of their choice; with a LIST chunk as FFmpeg puts it (78 bytes)."""
    extra = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf62.12.102\0" if list_chunk else b""
    return (b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + extra
            + b"data" + struct.pack("<I", data))


def whole_wav(samples, rate=RATE):
    data = np.asarray(samples, "<i2").tobytes()
    return wav_header(rate, 36 + len(data), len(data)) + data


def encoded(samples, rate, name, subtype=None):
    """The samples as a file of another kind, by libsndfile."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.asarray(samples, "<i2") / np.float32(32768), rate, format=name, subtype=subtype)
    return file.getvalue()


def adts(samples, rate):
    """AAC as one run of ADTS frames."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="adts") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.asarray(samples, np.float32)[None] / 32768, format="fltp", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


class Call:
    """One request, and the ways to answer it; `done` tells that its answer is ready. body: bytes; json, form: parsed, None and {} where
    it is something else."""

    def __init__(self, handler):
        self._handler = handler
        parts = urlsplit(handler.path)
        self.method, self.path, self.headers = handler.command, parts.path, dict(handler.headers)
        self.query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.type = handler.headers.get_content_type()
        self.json, self.form = None, {}
        with suppress(ValueError):
            self.json = json.loads(self.body) if self.type == "application/json" else None
        if self.type == "multipart/form-data":
            head = f"Content-Type: {handler.headers['Content-Type']}\r\n\r\n".encode()
            for part in BytesParser().parsebytes(head + self.body).get_payload():
                name = part.get_param("name", header="content-disposition")
                content = part.get_payload(decode=True)
                self.form[name] = content if part.get_filename() else content.decode()
                if part.get_filename():
                    self.form[f"{name} file"] = part.get_filename()

    def whole(self, body, content_type="audio/wav", status=200, **headers):
        """An answer with its length."""
        self._begin(status, content_type, headers | {"Content-Length": str(len(body))})
        self.done()
        self.send(body)

    def say(self, status, message, content_type="application/json", **headers):
        """An answer in JSON or, for a text, as it stands."""
        body = message.encode() if isinstance(message, str) else json.dumps(message).encode()
        self.whole(body, content_type, status, **headers)

    def chunked(self, pieces, content_type="audio/wav", end=True, **headers):
        """A chunked answer; end=False: the line is cut without the last chunk."""
        self._begin(200, content_type, headers | {"Transfer-Encoding": "chunked"})
        for piece in pieces:
            if isinstance(piece, float):
                time.sleep(piece)
            elif piece:
                self.send(b"%x\r\n" % len(piece) + piece + b"\r\n")
        self.done()
        if end:
            self.send(b"0\r\n\r\n")

    def hang(self, seconds=30.0):
        """Nothing more, until the client hangs up; notes when that was."""
        connection = self._handler.connection
        connection.settimeout(seconds)
        with suppress(OSError):
            while connection.recv(1024):
                pass
            self._handler.server.hung_up.append(time.monotonic())

    def send(self, data):
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def _begin(self, status, content_type, headers):
        self._handler.send_response(status)
        for name, value in {"Content-Type": content_type, **headers}.items():
            if value is not None:
                self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()


class VoiceServer:
    """url: its address. calls: every request in order. most_at_once: how many were open at the same time. hung_up: when clients left."""

    def __init__(self, answer):
        fake = self
        self.calls, self.most_at_once, self._open, self._lock = [], 0, set(), threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                call = Call(self)
                with fake._lock:
                    fake.calls.append(call)
                    fake._open.add(call)
                    fake.most_at_once = max(fake.most_at_once, len(fake._open))
                call.done = lambda: fake._open.discard(call)
                with suppress(OSError):
                    answer(call)
                call.done()
                self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads, self._server.hung_up = True, []
        self.hung_up = self._server.hung_up
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def dead_port():
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
