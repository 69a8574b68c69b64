"""What is kept on disk is told before it is there."""
from dataclasses import dataclass, field

from talking_avatar.engines.cost import Cost
from talking_avatar.engines.engine import Take
from talking_avatar.engines.estimate import estimate
from talking_avatar.faces.avatar import avatar_of_box
from talking_avatar.host.progress import Silent
from talking_avatar.media.kept_film import kept
from talking_avatar.media.open import open_source
from talking_avatar.media.timeline import lay_out
from talking_avatar.speech.load import load_speech


@dataclass
class Priced:
    """An engine that knows its price."""

    notes: list[str] = field(default_factory=list)

    def cost(self, take, settings):
        return Cost(1e9, 1.0, 0, 1_000_000, 7_000)


def test_the_frames_of_a_kept_film_count_beside_the_mouths(tmp_path, samples):
    film = open_source(samples.write_film(tmp_path / "film.mkv", n=20))
    samples.write_sound(tmp_path / "said.wav", samples.tone(0.5), 16000, "pcm_s16le")
    speech = load_speech(tmp_path / "said.wav")
    sizes = []
    for source in (film, kept(film)):
        take = Take(avatar_of_box(source, (30, 30, 90, 90)), speech, lay_out(source, speech.sound))
        sizes.append(estimate(take, Priced(), None, Silent(), tmp_path).disk)
    assert sizes == [7_000, 7_000 + sum(frame.picture.planes[0].size * 3 // 2 for frame in film.frames())]
