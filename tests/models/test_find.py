"""Checkpoints are found in ComfyUI's folders and where other packs' users have them; what is missing is named with all that helps."""
import pytest
from talking_avatar.host.errors import InputError, MissingModel
from talking_avatar.models.catalogue import checkpoints, row_of_file, rows_named
from talking_avatar.models.find import checkpoint_names, find_checkpoint


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "mine"))
    return tmp_path / "mine"


def _put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")
    return path


def test_every_row_of_the_catalogue_is_whole():
    rows = checkpoints()
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert row.licence and row.purpose and row.size > 1000 and (row.sources or row.page.startswith("https://")), row.name
        assert all(bool(source.hub and source.path) != source.url.startswith("https://") for source in row.sources), row.name
        assert not row.sha256 or len(row.sha256) == 64
        assert ".." not in row.file and not row.file.startswith("/") and row.kind in row.kind.strip("/.")


def test_a_missing_file_is_named_with_use_size_licence_source_and_place(models):
    with pytest.raises(MissingModel) as caught:
        find_checkpoint("wav2lip", "wav2lip_gan.pth")
    sentence = str(caught.value)
    for word in ("wav2lip_gan.pth", "generator for 96 x 96", "436 MB", "non-commercial", "huggingface.co/Nekochu/Wav2Lip",
                 "talking-avatar models get wav2lip_gan", str(models / "wav2lip")):
        assert word in sentence
    assert "\n" not in sentence


def test_a_missing_file_without_a_download_names_its_page(models):
    with pytest.raises(MissingModel, match="download it from https://github.com/Rudrabha/Wav2Lip and put it into"):
        find_checkpoint("syncnet", "lipsync_expert.pth")


def test_files_are_found_in_all_folders_and_listed_before_those_that_are_missing(models, comfyui):
    extra = comfyui.models.parent / "extra"
    comfyui.folder_paths.folder_names_and_paths["wav2lip"] = ([str(extra)], set())  # as extra_model_paths.yaml leaves it
    first, second = _put(extra / "sub" / "mine.safetensors"), _put(comfyui.models / "wav2lip" / "wav2lip.pth")
    _put(comfyui.models / "wav2lip" / "readme.md")
    third = _put(models / "wav2lip" / "own.pt")
    assert checkpoint_names("wav2lip") == ["own.pt", "sub/mine.safetensors", "wav2lip.pth", "wav2lip_gan.pth", "wav2lip256.pth",
                                           "wav2lip384.pth"]
    for name, path in (("sub/mine.safetensors", first), ("sub\\mine.safetensors", first), ("wav2lip.pth", second), ("wav2lip", second),
                       ("own.pt", third)):
        assert find_checkpoint("wav2lip", name) == path


def test_the_file_of_another_pack_serves(models, comfyui):
    there = _put(comfyui.models.parent / "custom_nodes" / "comfyui_wav2lip" / "Wav2Lip" / "checkpoints" / "wav2lip_gan.pth")
    assert checkpoint_names("wav2lip")[0] == "wav2lip_gan.pth"
    assert find_checkpoint("wav2lip", "wav2lip_gan.pth").samefile(there)


def test_a_link_in_the_models_folder_is_followed(models, tmp_path):
    (models / "wav2lip").mkdir(parents=True)
    (models / "wav2lip" / "linked.pth").symlink_to(_put(tmp_path / "elsewhere" / "a.pth"))
    assert checkpoint_names("wav2lip")[0] == "linked.pth" and find_checkpoint("wav2lip", "linked.pth").is_file()


@pytest.mark.parametrize("name", ["../secret.pth", "/etc/passwd", "sub/../../secret.pth", "..\\secret.pth", "C:\\secret.pth", "C:a.pth",
                                  "", "a//b"])
def test_names_that_lead_out_of_the_folder_are_refused(models, name):
    _put(models / "secret.pth")
    with pytest.raises(InputError, match="no file name inside"):
        find_checkpoint("wav2lip", name)


def test_an_unknown_name_gets_what_is_known(models):
    with pytest.raises(MissingModel, match="There is no file 'other.pth' in .* the catalogue has .*wav2lip_gan.pth"):
        find_checkpoint("wav2lip", "other.pth")
    with pytest.raises(InputError, match="wav2lip_gan"):
        rows_named("wav2lipgan")
    assert row_of_file("wav2lip", "sub/wav2lip.pth").name == "wav2lip" and row_of_file("wav2lip", "x.pth") is None
