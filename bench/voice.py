"""How fast the embedded voices speak, and what matching does to them: python bench/voice.py [REFERENCE …] [--voices hibari espeak]

Prints the real-time factor of each voice and of matching (processor seconds a second of sound, one thread), the similarity to each
reference (cosine of GE2E speaker embeddings, Resemblyzer; 1 is the same recording, two recordings of one person come to about 0.9) and the
word error, both before and after matching. The references are sound files or folders of them; the texts are those below, which matching was
not tuned on.

Similarity needs `pip install --no-deps resemblyzer && pip install librosa`. Word error needs `pip install pocketsphinx`, whose model is in
the package and which hears made voices well, or `pip install faster-whisper` with a model (see Transcribe Speech); both are used where both
are there. Without them their columns stay empty.
"""
from __future__ import annotations

import argparse
import re
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

TEXTS = ("A good teacher knows when to speak and when to listen to the class.",
         "The new bridge will carry forty thousand cars every day once it is finished.",
         "My brother keeps three brown horses and a very noisy dog on his farm.",
         "Scientists have found water beneath the frozen surface of a distant moon.",
         "If the weather holds, we should reach the top of the mountain before noon.",
         "Could you tell me which platform the next train to Boston leaves from?",
         "Nobody expected the quiet student in the back row to win the prize.",
         "Fresh bread, cheese and a few green apples were all they had for lunch.")
PAUSE = 0.3
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".mp4", ".mov")
SPELLINGS = {"40,000": "forty thousand", "40000": "forty thousand", "3": "three"}


@dataclass
class Score:
    """What one voice came to for one reference. errors: (wrong words, words) by recogniser."""

    similarity: float
    errors: dict[str, tuple[int, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("references", nargs="*", type=Path, help="sound files or folders of them")
    parser.add_argument("--voices", nargs="+", default=["hibari", "espeak"])
    parser.add_argument("--each", action="store_true", help="a line for each reference too")
    chosen = parser.parse_args()
    ears = dict(recognisers())
    print(f"similarity: {'Resemblyzer' if find_spec('resemblyzer') else 'not measured (see --help)'}; word error: "
          f"{', '.join(ears) or 'not measured (see --help)'}")
    files = [file for one in chosen.references for file in (sorted(one.iterdir()) if one.is_dir() else [one]) if
             file.suffix.lower() in SOUNDS]
    for voice in chosen.voices:
        report(voice, files, ears, chosen.each)


def report(voice: str, references: list[Path], ears: dict[str, Callable], each: bool) -> None:
    """Print the speed of a voice, then similarity and word error over all references, before and after."""
    from talking_avatar.media.open import open_sound
    from talking_avatar.speech.matching.match import aimed, learn_voice, matched
    from talking_avatar.speech.voices.matched import own_voice, within_reach
    from talking_avatar.speech.voices.voice import make_voice

    speaker = make_voice(voice, "en")
    speaker.synthesize("A first word.")
    spoken, cpu = timed(lambda: [speaker.synthesize(text) for text in TEXTS])
    seconds = sum(one.sound.seconds for one in spoken)
    print(f"\n{voice}: {cpu / seconds:.3f} s of processor for a second of speech ({seconds:.1f} s spoken)")
    if not references:
        return
    sample, own = own_voice(voice)
    before, after, spent = [], [], 0.0
    plain = whole(spoken)
    errors = {name: wrong(listen, spoken) for name, listen in ears.items()}
    for file in references:
        reference = open_sound(file)
        target = aimed(within_reach(learn_voice(reference), own, voice), sample, own)
        near, cpu = timed(lambda target=target: [matched(one, target, own=own) for one in spoken])
        spent += cpu
        wanted = embedding(*whole_sound(reference))
        before.append(Score(float(wanted @ embedding(*plain)), errors))
        after.append(Score(float(wanted @ embedding(*whole(near))), {name: wrong(listen, near) for name, listen in ears.items()}))
        if each:
            print(f"  {file.name:40} {words_of(before[-1:])} -> {words_of(after[-1:])}", flush=True)
    print(f"  matching: {spent / seconds / len(references):.3f} s of processor for a second of speech\n"
          f"  {len(references)} references: {words_of(before)} -> {words_of(after)}", flush=True)


def words_of(scores: list[Score]) -> str:
    """Mean similarity and word errors as text."""
    parts = [f"similarity {np.mean([one.similarity for one in scores]):.3f}"]
    for name in scores[0].errors:
        bad, total = (sum(one.errors[name][at] for one in scores) for at in (0, 1))
        parts.append(f"word error {bad / total:.3f} ({name})")
    return ", ".join(parts)


def embedding(samples: np.ndarray, rate: int) -> np.ndarray:
    """float [256], length 1; not a number where Resemblyzer is not installed."""
    if not find_spec("resemblyzer"):
        return np.full(256, np.nan)
    if "webrtcvad" not in sys.modules and not find_spec("webrtcvad"):  # of no use here, and it would have to be compiled
        sys.modules["webrtcvad"] = types.ModuleType("webrtcvad")
    import soxr
    from resemblyzer.audio import normalize_volume

    sound = samples if rate == 16000 else soxr.resample(samples, rate, 16000)
    return encoder().embed_utterance(normalize_volume(sound, -30, increase_only=True))


_KEPT: dict[str, object] = {}


def encoder():
    from resemblyzer import VoiceEncoder

    return _KEPT.setdefault("encoder", _KEPT.get("encoder") or VoiceEncoder("cpu", verbose=False))


def recognisers() -> Iterator[tuple[str, Callable[[np.ndarray], str]]]:
    """(name, samples at 16 kHz -> text) of each that is installed."""
    if find_spec("pocketsphinx"):
        yield "pocketsphinx", by_pocketsphinx
    if find_spec("faster_whisper"):
        from talking_avatar.speech.recognisers.faster_whisper import model_names
        from talking_avatar.speech.recognisers.recogniser import make_recogniser

        if model_names():
            ear = make_recogniser()
            yield f"faster-whisper {model_names()[0]}", lambda samples: "".join(
                word.text for heard in ear.listen(samples, "en") for word in heard.words)


def by_pocketsphinx(samples: np.ndarray) -> str:
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=16000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes(), full_utt=True)
    decoder.end_utt()
    return decoder.hyp().hypstr if decoder.hyp() else ""


def wrong(listen: Callable[[np.ndarray], str], speeches: list) -> tuple[int, int]:
    """(wrong words, words), heard in pieces of four sentences."""
    import soxr

    bad = total = 0
    for at in range(0, len(TEXTS), 4):
        samples, rate = whole(speeches[at:at + 4])
        heard = listen(soxr.resample(0.1 * samples / max(1e-9, float(np.sqrt((samples**2).mean()))), rate, 16000).astype(np.float32))
        said = plain_words(" ".join(TEXTS[at:at + 4]))
        bad, total = bad + distance(said, plain_words(heard)), total + len(said)
    return bad, total


def plain_words(text: str) -> list[str]:
    for written, spoken in SPELLINGS.items():
        text = re.sub(rf"(?<!\d){re.escape(written)}(?!\d)", spoken, text)
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("-", " ")).split()


def distance(said: list[str], heard: list[str]) -> int:
    """Words put in, left out or taken for others (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[:], at
        for place, other in enumerate(heard, 1):
            row[place] = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (word != other))
    return row[-1]


def whole(speeches: list) -> tuple[np.ndarray, int]:
    """All sentences with pauses between them, and their rate."""
    rate = speeches[0].sound.rate
    gap = np.zeros(round(PAUSE * rate), np.float32)
    return np.concatenate([part for one in speeches for part in (whole_sound(one.sound)[0], gap)]), rate


def whole_sound(sound) -> tuple[np.ndarray, int]:
    return np.concatenate(list(sound.mono(sound.rate))), sound.rate


def timed(work: Callable):
    began = time.process_time()
    return work(), time.process_time() - began


if __name__ == "__main__":
    main()
