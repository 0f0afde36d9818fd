import hashlib
import json
import os
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from core.nn.preprocess import Preprocessing, feed
from core.nn.registry import ASSETS, IMAGENET_CLASSES, REGISTRY, UNLISTED, Pretrained
from core.nn.stages import Stages, count_parameters
from core.nn.weights import BadFileError, advice, cache_folder, find, folders, load
from tests.conftest import SHARED, needs_shared


def tiny() -> Stages:
    parts = {"conv": nn.Conv2d(3, 4, 3), "bn": nn.BatchNorm2d(4), "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}
    return Stages(parts | {"head": nn.Linear(4, 10)})


@pytest.fixture
def trained() -> Stages:
    """A tiny network whose every number differs from its initial value, the batch norm's statistics too."""
    generator = torch.Generator().manual_seed(0)
    net = tiny()
    for value in net.state_dict().values():
        value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return net.eval()


def entry_for(path: Path) -> Pretrained:
    prefix = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return replace(REGISTRY["resnet18"], build=tiny, title="Tiny", file=path.name, sha256_prefix=prefix)


def refused(entry: Pretrained, path: Path) -> str:
    with pytest.raises(BadFileError) as caught:
        load(entry, path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert message.endswith(advice(entry))
    return message


def assert_same(net: Stages, trained: Stages, atol: float = 0.0) -> None:
    for key, value in trained.state_dict().items():
        got = net.state_dict()[key]
        assert got.dtype == value.dtype
        assert got.device.type == "cpu"
        torch.testing.assert_close(got, value, rtol=0, atol=atol)
    x = torch.linspace(-1, 1, 3 * 6 * 6).view(1, 3, 6, 6)
    torch.testing.assert_close(net(x), trained(x).detach(), rtol=1e-5, atol=20 * atol + 1e-5)  # the layout rounds
    assert not net.training
    assert not any(parameter.requires_grad for parameter in net.parameters())


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_loads_what_was_saved(trained, tmp_path, form):
    path = tmp_path / ("tiny.safetensors" if form == "safetensors" else "tiny.pth")
    if form == "safetensors":
        save_file(trained.state_dict(), path)
    else:
        torch.save(trained.state_dict(), path, _use_new_zipfile_serialization=form == "zip")
    net = load(entry_for(path), path)
    path.write_bytes(b"")  # The network must not look into the file any more.
    assert_same(net, trained)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_widens_half_precision(trained, tmp_path, dtype):
    path = tmp_path / "tiny.safetensors"
    state = trained.state_dict()
    save_file({key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}, path)
    assert_same(load(entry_for(path), path), trained, atol=torch.finfo(dtype).eps)


def test_files_from_before_batch_norm_counted_batches(trained, tmp_path):
    path = tmp_path / "tiny.pth"
    state = trained.state_dict()
    del state["bn.num_batches_tracked"]
    torch.save(dict(state), path)
    net = load(entry_for(path), path)
    trained.state_dict()["bn.num_batches_tracked"].zero_()
    assert_same(net, trained)


def test_the_hash_is_checked_before_anything_is_parsed(trained, tmp_path):
    path = tmp_path / "tiny.pth"
    torch.save(trained.state_dict(), path)
    entry = entry_for(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # One bit: torch alone would not have noticed.
    path.write_bytes(data)
    assert f"a sha256 that begins with {entry.sha256_prefix}" in refused(entry, path)


class Trap:
    """Unpickled by an unrestricted reader, makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_a_malicious_file_runs_nothing_even_if_its_hash_is_right(tmp_path, form):
    path, mark = tmp_path / "evil.pth", tmp_path / "mark"
    if form == "pickle":
        path.write_bytes(pickle.dumps({"conv.weight": Trap(mark)}))
    else:
        torch.save({"conv.weight": Trap(mark)}, path, _use_new_zipfile_serialization=form == "zip")
    assert "something other than tensors" in refused(entry_for(path), path)
    assert not mark.exists()
    # The trap works: an unrestricted reader falls into it.
    if form == "pickle":
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert mark.exists()


@pytest.mark.parametrize("name", ["tiny.safetensors", "tiny.pth"])
@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_cut_off_files(trained, tmp_path, name, kept):
    path = tmp_path / name
    if path.suffix == ".pth":
        torch.save(trained.state_dict(), path)
    else:
        save_file(trained.state_dict(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    assert "cut off, damaged" in refused(entry_for(path), path)


def test_files_of_other_networks(trained, tmp_path):
    path = tmp_path / "tiny.safetensors"
    state = trained.state_dict()
    save_file(state | {"head.weight": torch.ones(10, 5)}, path)
    message = refused(entry_for(path), path)
    assert "expected head.weight to be float32 of shape (10, 4); got float32 of shape (10, 5)" in message
    save_file(state | {"head.bias": torch.ones(10, dtype=torch.int8)}, path)
    assert "expected head.bias to be float32 of shape (10,); got int8" in refused(entry_for(path), path)
    save_file({f"module.{key}": value for key, value in state.items()}, path)
    message = refused(entry_for(path), path)
    assert "expected 9 tensors; got" in message
    assert message.count("module.") == 3


@pytest.mark.parametrize("what", [[1, 2], {"epoch": 3}, torch.ones(2)])
def test_files_that_are_no_state_dict(tmp_path, what):
    path = tmp_path / "tiny.pth"
    torch.save(what, path)
    assert "not a state dict" in refused(entry_for(path), path)


def test_files_that_cannot_be_read(tmp_path):
    entry = REGISTRY["resnet18"]
    assert "cannot be read" in refused(entry, tmp_path / "none.pth")
    assert "cannot be read" in refused(entry, tmp_path / "none.safetensors")
    assert "cannot be read" in refused(entry, tmp_path)


def test_folders_and_their_order(tmp_path, monkeypatch):
    entry = REGISTRY["resnet18"]
    room, cache = tmp_path / "room", tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.delenv("WEIGHTS_DIR", raising=False)
    assert folders() == [cache / "neural-ode-gradcam" / "weights", ASSETS]
    assert find(entry) is None
    cache_folder().mkdir(parents=True)
    downloaded = cache_folder() / entry.file
    downloaded.touch()
    assert find(entry) == downloaded

    monkeypatch.setenv("WEIGHTS_DIR", str(room))
    assert find(entry) == downloaded  # A folder that does not exist is no obstacle.
    room.mkdir()
    (room / entry.file).touch()
    assert find(entry) == room / entry.file
    (room / "resnet18.safetensors").touch()
    assert find(entry) == room / "resnet18.safetensors"

    monkeypatch.setenv("WEIGHTS_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folders() == [tmp_path / ".cache" / "neural-ode-gradcam" / "weights", ASSETS]


@pytest.mark.parametrize("name", [*REGISTRY, *UNLISTED])
def test_registry_agrees_with_the_networks(name):
    entry = (REGISTRY | UNLISTED)[name]
    with torch.device("meta"):
        net = entry.build()
    assert entry.name == name
    assert count_parameters(net) == entry.parameters
    assert entry.default_layer in net.stages
    side = entry.preprocessing.crop or entry.preprocessing.short_side
    rows = net.table((1, 3, side, side))
    assert rows[-1].shape == (1, len(entry.classes))
    # The layer to explain is the last of the feature maps before they are pooled away.
    names = [row.name for row in rows]
    last_pool = max(
        i for i, row in enumerate(rows) if row.kind == ("MaxPool2d" if "vgg" in name else "AdaptiveAvgPool2d")
    )
    before = names[: names.index("classifier.0")] if "squeezenet" in name else names[:last_pool]
    assert entry.default_layer == before[-1]


@pytest.mark.parametrize("entry", [entry for entry in REGISTRY.values() if entry.url], ids=lambda entry: entry.name)
def test_official_addresses(entry):
    assert re.fullmatch(r"[0-9a-f]{8}", entry.sha256_prefix)
    assert entry.url == f"https://download.pytorch.org/models/{entry.file}"
    assert entry.file.endswith(f"-{entry.sha256_prefix}.pth")
    assert entry.megabytes == pytest.approx(4 * entry.parameters / 2**20, rel=0.005)
    assert entry.top1 < entry.top5 < 100


@needs_shared
@pytest.mark.parametrize("entry", [entry for entry in REGISTRY.values() if entry.url], ids=lambda entry: entry.name)
def test_registry_agrees_with_torchvision(entry):
    facts = json.loads((SHARED / "weights/torchvision_weights.json").read_text())[entry.name]
    best = next(facts[key] for key in ("IMAGENET1K_V2", "IMAGENET1K_V1") if key in facts)
    got = (entry.url, entry.parameters, entry.megabytes, {"acc@1": entry.top1, "acc@5": entry.top5})
    assert got == (best["url"], best["num_params"], best["mb"], best["acc"])
    assert entry.preprocessing == Preprocessing(
        best["resize"][0], best["crop"][0], tuple(best["mean"]), tuple(best["std"])
    )
    assert list(entry.classes) == json.loads((SHARED / "weights/imagenet_categories.json").read_text())


def test_class_names():
    assert len(IMAGENET_CLASSES) == 1000
    assert all(name == name.strip() != "" for name in IMAGENET_CLASSES)
    assert (IMAGENET_CLASSES[0], IMAGENET_CLASSES[207], IMAGENET_CLASSES[999]) == (
        "tench",
        "golden retriever",
        "toilet tissue",
    )


@needs_shared
def test_a_real_network_recognises_photographs(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIGHTS_DIR", str(SHARED / "weights"))
    entry = REGISTRY["squeezenet1_0"]
    path = find(entry)
    assert path is not None
    net = load(entry, path)
    ranks = []
    for photo in sorted((SHARED / "data/photos").glob("*.jpg")):
        picture = np.asarray(Image.open(photo).convert("RGB"))
        with torch.inference_mode():
            scores = net(feed(picture, entry.preprocessing).x)[0]
        ranks.append(int((scores > scores[int(photo.name[:3])]).sum()))
    assert len(ranks) == 63
    assert np.mean(np.array(ranks) < 1) >= 0.55
    assert np.mean(np.array(ranks) < 5) >= 0.75


@pytest.mark.parametrize("name", [name for name, entry in (REGISTRY | UNLISTED).items() if entry.url is None])
def test_the_embedded_networks(name, tmp_path, monkeypatch):
    monkeypatch.delenv("WEIGHTS_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    entry = (REGISTRY | UNLISTED)[name]
    path = find(entry)
    assert path is not None
    assert path == ASSETS / entry.file
    assert path.stat().st_size / 2**20 == pytest.approx(entry.megabytes, abs=0.005)
    assert 50 < entry.top1 < 100
    shutil.copy(path, tmp_path / entry.file)
    net = load(entry, tmp_path / entry.file)
    assert count_parameters(net) == entry.parameters
