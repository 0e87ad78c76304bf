"""All data sets by name, and sources as a command line names them."""

import os

import numpy as np
import pytest

from pwcnet.cli.evaluate import parse_evaluation_source
from pwcnet.data.datasets.registry import (
    DATASETS,
    FolderSource,
    GeneratedSource,
    dataset_samples,
    make_source,
    parse_source,
)
from tests.helpers import dataset_trees as trees
from tests.helpers.commands import run_command


@pytest.fixture(scope="module")
def roots(tmp_path_factory, tiny_sintel):
    root = tmp_path_factory.mktemp("sets")
    arguments = {"generated": "height=64,width=96,textures=4,pairs=3"}
    arguments.update(
        {
            "chairs": trees.chairs(root, 3),
            "things": trees.things(root),
            "hd1k": trees.hd1k(root),
            "sintel": tiny_sintel,
        }
    )
    arguments.update({"middlebury": trees.middlebury(root)})
    arguments.update({"kitti%d" % year: trees.kitti(root, year) for year in (2012, 2015)})
    arguments.update(
        {
            "things-subset": trees.things_subset(root),
            "chairs2": trees.chairs2(root),
            "spring": trees.spring(root),
            "files": trees.file_list(root),
        }
    )
    return {name: arguments[_tree(name)] for name in DATASETS}


def _tree(name):
    return "things-subset" if name.startswith("things-subset") else name.split("-")[0]


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_set_lists_and_loads(name, roots):
    samples = dataset_samples(name, roots[name])
    names = [sample.file_name for sample in samples]
    assert names == sorted(set(names)) and all(
        os.sep not in each and "." not in each for each in names
    )
    loaded = samples[0].load()
    assert (
        loaded.frame1.shape[:2] == loaded.flow.shape[:2] == loaded.valid.shape
        and loaded.valid.any()
    )
    assert getattr(samples[0], "half", False) == ("half" in name)
    assert samples[0].has_ground_truth and samples[0].describe()
    train, validation = (
        dataset_samples(name, roots[name], "train_with_val", part) for part in ("train", "val")
    )
    assert (
        train
        and validation
        and not {sample.id for sample in train} & {sample.id for sample in validation}
    )
    assert [sample.id for sample in dataset_samples(name, roots[name], "val")] == [
        sample.id for sample in validation
    ]


def test_errors_name_the_set(roots):
    with pytest.raises(ValueError, match="sintel-clean, .*generated, got 'sintel'"):
        dataset_samples("sintel", roots["chairs"])
    with pytest.raises(FileNotFoundError, match="hd1k=/nowhere"):
        dataset_samples("hd1k", "/nowhere")
    with pytest.raises(ValueError, match="got 'train'.*chairs="):
        dataset_samples("chairs", roots["chairs"], "train")


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "chairs=/d/FlyingChairs_release@0.6",
            FolderSource("chairs", "/d/FlyingChairs_release", 0.6),
        ),
        ("hd1k=rel/a=b", FolderSource("hd1k", "rel/a=b")),
        ("hd1k=/mail@home/d", FolderSource("hd1k", "/mail@home/d")),
        ("hd1k=/mail@home/d@2", FolderSource("hd1k", "/mail@home/d", 2.0)),
        ("hd1k=/d@home@1e-1", FolderSource("hd1k", "/d@home", 0.1)),
        ("hd1k=~/d", FolderSource("hd1k", os.path.join(os.path.expanduser("~"), "d"))),
    ],
)
def test_sources(text, expected):
    assert parse_source(text) == expected


@pytest.mark.parametrize("suffix", ["@home", "@2"])
def test_a_folder_with_an_at_needs_no_weight(suffix, tmp_path):
    """Where it is there, and no folder of the name before the @."""
    folder = str(tmp_path / "d") + suffix
    os.mkdir(folder)
    assert parse_source("hd1k=" + folder) == FolderSource("hd1k", folder)
    assert parse_source("hd1k=%s@3" % folder) == FolderSource("hd1k", folder, 3.0)
    assert parse_evaluation_source("hd1k=" + folder) == FolderSource("hd1k", folder)


def test_photographs_in_a_folder_with_an_at(tmp_path):
    folder = str(tmp_path / "d@home")
    os.mkdir(folder)
    for values in ("photos=" + folder, "photos=%s,kind=both" % folder):
        assert parse_source("generated=" + values) == GeneratedSource(values)
        assert parse_source("generated=%s@3" % values) == GeneratedSource(values, 3.0)
    with pytest.raises(
        ValueError, match="no folder %s@away$|no folder %s@away " % (folder, folder)
    ):
        parse_source("generated=photos=%s@away" % folder)


def test_a_folder_with_an_at_beside_one_without(tmp_path):
    before, folder = str(tmp_path / "d"), str(tmp_path / "d@2")
    os.mkdir(folder)
    os.mkdir(before)
    assert parse_source("hd1k=" + folder) == FolderSource("hd1k", before, 2.0)
    inside = os.path.join(folder, "inside")
    assert parse_source("hd1k=" + inside) == FolderSource("hd1k", inside)
    assert parse_evaluation_source("hd1k=" + folder) == FolderSource("hd1k", folder)
    with pytest.raises(ValueError, match="weight"):
        parse_evaluation_source("hd1k=%s@0.5" % before)


@pytest.mark.parametrize(
    "text, message",
    [
        ("/d/chairs", "NAME=FOLDER.*got '/d/chairs'"),
        ("", "NAME=FOLDER"),
        ("kitti2012", "kitti2012=FOLDER"),
        ("chair=/d", "chairs, .*got 'chair'"),
        ("=/d", "got ''"),
        ("chairs=", "folder of chairs"),
        ("chairs=@2", "folder of chairs"),
        ("chairs=/d@", "after the last @, got ''"),
        ("chairs=/d@half", "got 'half'"),
        ("chairs=/d@0", "above 0 for chairs, got 0.0"),
        ("chairs=/d@-1", "got -1.0"),
        ("chairs=/d@nan", "got nan"),
        ("chairs=/d@inf", "got inf"),
    ],
)
def test_wrong_sources_are_quoted(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_source(text)
    assert repr(text) in str(caught.value)


def test_a_run_records_sources_as_they_were_given():
    folder, values = make_source("chairs", "rel/d", 2.0), "seed=3,textures=4"
    assert folder.record() == {"name": "chairs", "root": "rel/d", "weight": 2.0}
    generated = make_source("generated", values)
    assert generated == GeneratedSource(values)
    assert generated.record() == {"name": "generated", "root": values, "weight": None}
    assert (str(folder), str(generated)) == ("chairs=rel/d", "generated=" + values)


def test_the_location_means_the_same_from_any_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert make_source("chairs", "d").location == os.path.join(os.getcwd(), "d")
    assert make_source("generated", "seed=3").location == "seed=3"
    photos = os.path.join(os.getcwd(), "d")
    assert make_source("generated", "photos=d,seed=3").location == "photos=%s,seed=3" % photos


def test_sources_are_frozen():
    with pytest.raises(AttributeError):
        FolderSource("chairs", "/d").weight = 2.0


def test_data_sets_need_no_tensorflow():
    done = run_command(
        "-c",
        "import sys, pwcnet.data.datasets.registry, pwcnet.data.contact_sheet, "
        "pwcnet.data.statistics, pwcnet.data.mixture, pwcnet.data.synthetic.sintel_layout, "
        "pwcnet.data.augment.augmentation; print('tensorflow' in sys.modules)",
    )
    assert done.stdout.strip() == "False", done.stderr


def test_real_frames_of_every_set(real_data):
    means = {}
    for name, expected in (
        ("sintel-clean", 4),
        ("sintel-final", 4),
        ("chairs", 3),
        ("kitti2012", 1),
        ("kitti2015", 1),
        ("middlebury", 2),
    ):
        loaded = [sample.load() for sample in dataset_samples(name, real_data)]
        assert len(loaded) == expected
        means[name] = [float(np.hypot(*each.flow[each.valid].T).mean()) for each in loaded]
    assert means["sintel-clean"] == means["sintel-final"] and np.allclose(
        means["sintel-clean"], [2.80, 2.98, 3.12, 31.99], atol=0.01
    )
