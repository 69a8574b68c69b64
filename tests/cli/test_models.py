"""`talking-avatar models`: lists, finds and brings checkpoints, in lines that scripts can read."""
import pytest
from talking_avatar.cli.main import main


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path))
    return tmp_path


def test_every_checkpoint_is_a_line_with_name_size_licence_and_state(models, capsys):
    there = models / "wav2lip" / "wav2lip.pth"
    there.parent.mkdir()
    there.write_bytes(b"x")
    assert main(["models", "list"]) == 0
    rows = {line.split("\t")[0]: line.split("\t") for line in capsys.readouterr().out.splitlines()}
    assert rows["wav2lip"][-2:] == ["there", str(there)] and rows["wav2lip_gan"][-2] == "can be fetched"
    assert rows["wav2lip256"][-2] == "by hand" and all(len(row) == 7 and row[2].isdigit() for row in rows.values())
    assert main(["models", "list", "syncnet"]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["syncnet_v2", "lipsync_expert"]


def test_where_prints_the_path_or_how_to_get_it(models, capsys):
    assert main(["models", "where", "wav2lip"]) == 3
    assert "run `talking-avatar models get wav2lip`" in capsys.readouterr().err
    (models / "wav2lip").mkdir()
    (models / "wav2lip" / "wav2lip.pth").write_bytes(b"x")
    assert main(["models", "where", "wav2lip"]) == 0
    assert capsys.readouterr().out.strip() == str(models / "wav2lip" / "wav2lip.pth")


def test_an_unknown_name_and_a_file_to_fetch_by_hand_get_a_sentence(models, capsys):
    assert main(["models", "get", "wavlip"]) == 2
    assert "choose one of wav2lip" in capsys.readouterr().err
    assert main(["models", "get", "lipsync_expert"]) == 3
    assert "by hand from https://github.com/Rudrabha/Wav2Lip" in capsys.readouterr().err


def test_doctor_says_what_of_each_family_is_there(models, capsys):
    (models / "wav2lip").mkdir()
    (models / "wav2lip" / "wav2lip.pth").write_bytes(b"<html>quota")
    main(["doctor"])
    shown = capsys.readouterr().out
    assert "checkpoint wav2lip: " in shown and "is a web page" in shown
    assert "no checkpoint of syncnet is there" in shown and "talking-avatar models get syncnet_v2" in shown
