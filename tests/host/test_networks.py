"""Networks are built once, given to ComfyUI's management, and go when it takes them away; too large batches are halved."""
import gc
import time
import weakref

import pytest
import torch
from talking_avatar.host import networks
from talking_avatar.host.networks import halved, kept, kept_bytes, let_go, on_device, placement


@pytest.fixture(autouse=True)
def _empty(monkeypatch):
    monkeypatch.setattr(networks, "_SECONDS_TO_GO", 0.05)
    let_go()
    yield
    let_go()


def _linear():
    return torch.nn.Linear(8, 8)


def test_a_network_is_built_once_for_a_key():
    first = kept("a", _linear)
    assert kept("a", _linear) is first and kept("b", _linear) is not first
    assert kept_bytes() == 2 * 4 * 72


def test_the_number_of_networks_kept_is_bounded_and_the_oldest_goes():
    oldest = weakref.ref(kept(0, _linear))
    for key in range(1, networks.MOST_KEPT + 1):
        kept(key, _linear)
    gc.collect()
    assert oldest() is None and len(networks._room.kept) == networks.MOST_KEPT


def test_networks_are_kept_only_while_memory_is_there(monkeypatch):
    monkeypatch.setattr(networks, "free_memory", lambda: 0)
    monkeypatch.setattr(networks, "_bytes", lambda network: 1_500_000_000)
    kept("a", _linear), kept("b", _linear)
    assert list(networks._room.kept) == ["b"]


def test_a_network_built_in_inference_mode_can_be_used_outside_it():
    with torch.inference_mode():
        network = kept("a", _linear)
    assert not network.weight.is_inference()


def test_outside_comfyui_a_network_goes_to_the_device():
    with on_device(kept("a", _linear)) as device:
        assert device.type in ("cpu", "cuda", "mps") and placement(kept("a", _linear)) == f"{kept('a', _linear).weight.device}, float32"


def test_inside_comfyui_its_management_loads_the_network_whole(comfyui):
    network = kept("a", _linear)
    with on_device(network, activations=123) as device:
        assert device == torch.device("cpu")
    (loaded, memory, whole), = comfyui.loads
    assert loaded[0]() is network and memory == 123 and whole is True


def test_networks_of_outer_blocks_are_not_pushed_out(comfyui):
    a, b = kept("a", _linear), kept("b", _linear)
    with on_device(a), on_device(b):
        assert [loaded() for loaded in comfyui.loads[-1][0]] == [a, b]
    with on_device(b):
        assert [loaded() for loaded in comfyui.loads[-1][0]] == [b]
    assert not networks._room.running


def test_comfyuis_unload_gives_the_memory_back_and_the_next_run_builds_anew(comfyui):
    with on_device(kept("a", _linear)):
        pass
    gone = weakref.ref(kept("a", _linear))
    with on_device(kept("a", _linear)):  # loading again detaches in part: no reason to go
        pass
    time.sleep(0.2)
    assert gone() is not None
    comfyui.unload_models()
    _until(lambda: gone() is None and comfyui.emptied)
    assert comfyui.emptied and kept_bytes() == 0
    with on_device(kept("a", _linear)):
        assert len(comfyui.loaded) == 1


def test_a_network_that_is_wanted_again_right_after_an_unload_stays(comfyui, monkeypatch):
    with on_device(kept("a", _linear)):
        pass
    comfyui.unload_models()
    again = kept("a", _linear)
    time.sleep(0.2)
    assert kept("a", _linear) is again


def test_networks_that_run_survive_an_unload(comfyui):
    with on_device(kept("a", _linear)):
        running = kept("a", _linear)
        comfyui.unload_models()
        time.sleep(0.2)
        assert running(torch.ones(1, 8)).shape == (1, 8)


def test_letting_go_takes_networks_off_comfyuis_list(comfyui):
    with on_device(kept("a", _linear)):
        pass
    let_go()
    assert not comfyui.loaded and kept_bytes() == 0


@pytest.mark.parametrize("error", [torch.cuda.OutOfMemoryError("x"), RuntimeError("MPS backend out of memory"), MemoryError(),
                                   RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")])
def test_a_batch_that_does_not_fit_is_halved_until_it_does(error):
    tried = []

    def run(n):
        tried.append(n)
        if n > 3:
            raise error
        return "done"

    assert halved(16, run) == ("done", 2) and tried == [16, 8, 4, 2]


def test_other_errors_and_a_batch_of_one_are_not_tried_again():
    def fail(n):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        halved(8, fail)
    with pytest.raises(MemoryError):
        halved(1, lambda n: (_ for _ in ()).throw(MemoryError()))


def _until(holds, seconds=5.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        gc.collect()
        time.sleep(0.02)


class Stock(torch.nn.Linear):
    """As the networks of diffusers and transformers."""

    @property
    def device(self):
        return self.weight.device


def test_a_stock_network_whose_device_nobody_may_set_is_managed_all_the_same(comfyui):
    network = kept("a", lambda: Stock(8, 8))
    with on_device(network) as device:
        assert device == torch.device("cpu")
    gone = weakref.ref(network)
    del network
    comfyui.unload_models()
    for _ in range(100):
        gc.collect()
        if gone() is None:
            break
        time.sleep(0.05)
    assert gone() is None and kept_bytes() == 0
