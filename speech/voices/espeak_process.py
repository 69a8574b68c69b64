"""espeak-ng in a process of its own: run as a script, it speaks the lines it reads. It imports nothing of this package.

The library is GPL-3; this program loads it and talks to the rest through pipes only. One JSON object a line comes in on stdin:
first {"library", "data", "voices", "rate"}, then {"text"} for each sentence. For each line one JSON object a line goes out on stdout:
first {"rate", "voice"} or {"error"}, then {"samples", "phonemes": [[sample, symbol], …]} followed by that many int16 samples.
"""
import ctypes
import json
import sys

SYNCHRONOUS, PHONEMES_AS_IPA, CHARACTERS, UTF8, WORDS_A_MINUTE = 2, 3, 1, 1, 1
LAST_EVENT, PHONEME_EVENT = 0, 7


class Event(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("identifier", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
                ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user_data", ctypes.c_void_p), ("id", ctypes.c_char * 8)]


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


def main() -> None:
    setup = json.loads(sys.stdin.readline())
    try:
        library = ctypes.CDLL(setup["library"])
        rate = library.espeak_Initialize(SYNCHRONOUS, 0, setup["data"].encode() if setup["data"] else None, PHONEMES_AS_IPA)
    except OSError as error:
        return answer({"error": f"the library {setup['library']} cannot be loaded ({error})"})
    if rate <= 0:
        return answer({"error": f"the library {setup['library']} finds no data"})
    voice = next((name for name in setup["voices"] if library.espeak_SetVoiceByName(name.encode()) == 0), None)
    if voice is None:
        return answer({"error": "unknown voice"})
    library.espeak_SetParameter(WORDS_A_MINUTE, setup["rate"], 0)
    heard = Recorder()
    callback = Callback(heard.take)
    library.espeak_SetSynthCallback(callback)
    answer({"rate": rate, "voice": voice})
    for line in sys.stdin:
        text = json.loads(line)["text"].encode()
        heard.begin()
        library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, CHARACTERS, 0, UTF8, None, None)
        sound = b"".join(heard.sound)
        answer({"samples": len(sound) // 2, "phonemes": heard.phonemes}, sound)
    return None


class Recorder:
    """What the library calls back with, while it speaks one text."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.sound: list[bytes] = []
        self.phonemes: list[tuple[int, str]] = []

    def take(self, samples, count: int, events) -> int:
        if samples and count > 0:
            self.sound.append(ctypes.string_at(samples, 2 * count))
        at = 0
        while events[at].type != LAST_EVENT:
            if events[at].type == PHONEME_EVENT:
                place = ctypes.addressof(events[at]) + Event.id.offset
                symbol = ctypes.string_at(place, 8).split(b"\0")[0].decode("utf-8", "ignore")
                self.phonemes.append((events[at].sample, symbol))
            at += 1
        return 0


def answer(message: dict, sound: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n" + sound)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    main()
