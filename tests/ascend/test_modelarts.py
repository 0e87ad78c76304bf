"""Data and weights from ModelArts, with a stand-in of moxing, and from folders."""

import pytest

from pwcnet.ascend.modelarts import fetch_data, fetch_weights
from pwcnet.ascend.remote_run import RemoteRun
from tests.helpers.modelarts import checkpoint, moxing_fails, names, write
from tests.standins.fixtures import standins, without  # noqa: F401


@pytest.fixture
def obs(standins, tmp_path, monkeypatch):  # noqa: F811
    """The folder that obs:// stands for."""
    monkeypatch.setenv("STANDIN_OBS", str(tmp_path / "obs"))
    return tmp_path / "obs"


def test_data_is_copied_once(obs, tmp_path):
    write(obs / "bucket" / "data", a="1", b="2")
    for _ in range(2):
        assert fetch_data("obs://bucket/data", str(tmp_path / "cache" / "data") + "/") == str(
            tmp_path / "cache" / "data"
        )
    assert names(tmp_path / "cache" / "data") == ["a", "b"]
    import moxing

    assert len(moxing.file.CALLS) == 1
    write(obs / "bucket" / "other", a="1")
    with pytest.raises(
        OSError,
        match="data holds the copy of obs://bucket/data, not of obs://bucket/other",
    ):
        fetch_data("obs://bucket/other", str(tmp_path / "cache" / "data"))


def test_a_copy_that_breaks_is_made_again(obs, tmp_path):
    write(obs / "bucket" / "data", a="1", b="2")
    files = moxing_fails(after=1)
    with pytest.raises(
        OSError,
        match="obs://bucket/data to .*data: OBS: connection reset",
    ):
        fetch_data("obs://bucket/data", str(tmp_path / "data"))
    assert names(tmp_path / "data") == ["a"] and not (tmp_path / "data.complete").exists()
    files.failures["after"] = None
    fetch_data("obs://bucket/data", str(tmp_path / "data"))
    assert names(tmp_path / "data") == ["a", "b"] and (tmp_path / "data.complete").exists()


def test_mounted_data_stays_where_it_is(tmp_path):
    assert fetch_data(str(tmp_path), "/nowhere/data") == str(tmp_path)
    with pytest.raises(FileNotFoundError, match="/nowhere"):
        fetch_data("/nowhere", str(tmp_path / "data"))


def test_obs_without_moxing(monkeypatch, tmp_path):
    without(monkeypatch, "moxing")
    for use in (
        lambda url: fetch_data(url, str(tmp_path / "data")),
        lambda url: fetch_weights(url, str(tmp_path)),
        lambda url: RemoteRun(url, str(tmp_path)),
    ):
        with pytest.raises(ValueError, match="obs://bucket.* needs moxing"):
            use("obs://bucket/x")


def test_what_is_not_on_obs(obs, tmp_path):
    with pytest.raises(FileNotFoundError, match="obs://bucket/x"):
        fetch_data("obs://bucket/x", str(tmp_path / "data"))
    with pytest.raises(FileNotFoundError, match="obs://bucket/x.index"):
        fetch_weights("obs://bucket/x", str(tmp_path))


def test_weights_by_name(obs, tmp_path):
    assert (
        fetch_weights(None, "/nowhere") is None
        and fetch_weights("pretrained/pwcnet.ckpt-1", "/nowhere") == "pretrained/pwcnet.ckpt-1"
    )
    checkpoint(obs / "bucket", 595000)
    (obs / "bucket" / "pwcnet.ckpt-595000.meta").write_text("graph")
    files = moxing_fails(after=2)
    with pytest.raises(OSError, match="obs://bucket to .*pretrained: OBS: connection reset"):
        fetch_weights("obs://bucket/pwcnet.ckpt-595000", str(tmp_path / "pretrained"))
    assert names(tmp_path / "pretrained") == [".pwcnet.ckpt-595000.lock"]
    files.failures["after"] = None
    for url in ("obs://bucket/pwcnet.ckpt-595000", "obs://bucket/pwcnet.ckpt-595000.index"):
        assert fetch_weights(url, str(tmp_path / "pretrained")) == str(
            tmp_path / "pretrained" / "pwcnet.ckpt-595000"
        )
    assert [name for name in names(tmp_path / "pretrained") if not name.endswith(".lock")] == [
        "pwcnet.ckpt-595000.data-00000-of-00001",
        "pwcnet.ckpt-595000.index",
        "pwcnet.ckpt-595000.meta",
    ]
    assert len(files.CALLS) == 2  # the one that broke, then one, and none for the second name


def test_what_is_not_documented_is_not_there(obs):
    """The stand-in has only what the manual names: other tests show that no more is used."""
    import moxing

    write(obs / "bucket", a="1")
    assert not hasattr(moxing.file, "copy")
    with pytest.raises(RuntimeError, match="no folder"):
        moxing.file.copy_parallel("obs://bucket/a", "b")
