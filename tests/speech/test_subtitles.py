"""Subtitles can be read: short lines, in order, at the time of their words; and .srt text survives being read and written."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.host.errors import InputError
from talking_avatar.speech.recognisers.recogniser import Word
from talking_avatar.speech.subtitles import COLUMNS, GAP, LONGEST, Subtitle, _width, read_srt, srt_text, subtitles_of, write_srt


@st.composite
def words(draw):
    at, found = 0.0, []
    letters = draw(st.sampled_from(["abcdefgh", "あいう漢字语音"]))
    space = " " if letters[0] == "a" else ""
    for _ in range(draw(st.integers(1, 60))):
        at += draw(st.sampled_from([0.0, 0.01, 0.1, 0.5, 2.0]))
        end = at + draw(st.floats(0.02, 1.2))
        text = draw(st.text(letters, min_size=1, max_size=12)) + draw(st.sampled_from(["", "", "", ",", ".", "?", "。"]))
        found.append(Word(space + text, at, end))
        at = end
    return found


@settings(max_examples=50, deadline=None)
@given(words())
def test_every_word_is_shown_once_in_order_and_nothing_overlaps(found):
    shown = subtitles_of(found)
    assert "".join("".join(one.text.split()) for one in shown) == "".join("".join(word.text.split()) for word in found)
    for one, following in zip(shown, shown[1:], strict=False):
        assert one.start <= one.end <= following.start + 1e-9


@settings(max_examples=50, deadline=None)
@given(words())
def test_lines_are_at_most_two_and_narrow_enough_to_read(found):
    for one in subtitles_of(found):
        lines = one.text.split("\n")
        assert len(lines) <= 2
        assert all(_width(line) <= COLUMNS for line in lines)
        assert one.end - one.start <= LONGEST + 1.3


@settings(max_examples=50, deadline=None)
@given(words())
def test_a_subtitle_begins_with_its_first_word_and_holds_till_the_last(found):
    left = list(found)
    for one in subtitles_of(found):
        own, letters = [], len("".join(one.text.split()))
        while letters > 0:
            own.append(left.pop(0))
            letters -= len("".join(own[-1].text.split()))
        assert one.start == own[0].start
        assert one.end >= own[-1].end - 2 * GAP


text_lines = st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20), min_size=1, max_size=3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 35_999_000), st.integers(0, 9000), text_lines), min_size=1, max_size=8),
       st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_srt_survives_writing_and_reading(facts, end_of_line, mark):
    said = [Subtitle(start / 1000, (start + length) / 1000, "\n".join(lines).replace("-->", "→")) for start, length, lines in facts]
    written = srt_text(said).replace("\n", end_of_line)
    assert read_srt(("\ufeff" if mark else "") + written) == said


def test_srt_of_others_is_read_as_players_do():
    text = "00:00:01.5 --> 00:00:02,750\nno number, a point\n\n\n7\n0:0:3,000 --> 00:00:04,000 X1:63 X2:223\nfirst\nsecond\n\n"
    text += "8\n00:00:05,000 --> 00:00:06,000\n42\n"
    assert read_srt(text) == [Subtitle(1.5, 2.75, "no number, a point"), Subtitle(3.0, 4.0, "first\nsecond"), Subtitle(5.0, 6.0, "42")]


def test_no_srt_is_refused_by_name():
    with pytest.raises(InputError, match="'Once upon a time' is no SubRip text"):
        read_srt("Once upon a time")


def test_a_file_is_whole_and_utf_8(tmp_path):
    path = tmp_path / "new" / "film.srt"
    write_srt([Subtitle(0, 1, "Grüße, 你好")], path)
    assert path.read_bytes().decode("utf-8") == "1\n00:00:00,000 --> 00:00:01,000\nGrüße, 你好\n"
    assert [one.name for one in path.parent.iterdir()] == ["film.srt"]
