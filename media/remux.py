"""Copy a film into another file without touching picture or sound."""
from __future__ import annotations

from pathlib import Path

import av

from ..host.progress import Progress
from .container import film_stream, opened, sound_stream
from .output_path import output_error, prepare_folder, whole_file

_PICTURES = {"mp4": {"h264", "hevc", "av1", "mpeg4"}, "matroska": {"h264", "hevc", "av1", "vp8", "vp9", "ffv1", "mpeg4", "prores", "mjpeg"},
             "webm": {"vp8", "vp9", "av1"}}
_SOUNDS = {"mp4": {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}, "webm": {"opus", "vorbis"},
           "matroska": {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac", "vorbis", "pcm_s16le", "pcm_s24le", "pcm_f32le"}}


def can_copy(source: Path, container: str) -> bool:
    """Whether picture and sound of a film file may stand in that container ("mp4", "matroska" or "webm") as they are."""
    with opened(source) as film:
        picture, sound = film_stream(film), sound_stream(film)
        return (picture is not None and picture.codec_context.name in _PICTURES[container]
                and (sound is None or sound.codec_context.codec.canonical_name in _SOUNDS[container]))


def codec_of(source: Path) -> str:
    """FFmpeg's name of the picture's codec ("h264", "hevc", …)."""
    with opened(source) as film:
        return film_stream(film).codec_context.codec.canonical_name


def copy_film(source: Path, target: Path, container: str, tags: tuple[tuple[str, str], ...], progress: Progress) -> None:
    """Write `source` to `target` packet by packet, with its own and the given tags; whole or not at all.

    Raises InputError, OutputError, Cancelled."""
    prepare_folder(target)
    options = {"movflags": "+faststart+use_metadata_tags"} if container == "mp4" else {}
    with opened(source) as film, whole_file(target) as part:
        streams = [stream for stream in (film_stream(film), sound_stream(film)) if stream is not None]
        try:
            with av.open(str(part), "w", format=container, container_options=options) as output:
                output.metadata.update({**film.metadata, **dict(tags)})
                places = {stream.index: output.add_stream_from_template(stream) for stream in streams}
                for packet in film.demux(streams):
                    progress.check()
                    if packet.dts is not None:
                        packet.stream = places[packet.stream.index]
                        output.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise output_error(target, error) from error
