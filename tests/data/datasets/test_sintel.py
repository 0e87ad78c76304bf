"""Sintel: listing, splits, tfoptflow's split files, what is missing."""

import os

import pytest

from pwcnet.data.datasets.sintel import FOLDER, find_sintel, sintel_samples

SCENES = {"alley_1": 5, "bamboo_2": 4}  # frames


def touch(root, *parts):
    path = os.path.join(str(root), *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb"):
        pass
    return path


def build(root, scenes):
    """Empty files in Sintel's layout, because listing reads names only.

    The first pair of each scene has masks.
    """
    for scene, count in scenes.items():
        for number in range(1, count + 1):
            for kind in ("training/clean", "training/final", "test/clean", "test/final"):
                touch(root, FOLDER, kind, scene, "frame_%04d.png" % number)
            if number < count:
                touch(root, FOLDER, "training/flow", scene, "frame_%04d.flo" % number)
        for kind in ("occlusions", "invalid"):
            touch(root, FOLDER, "training", kind, scene, "frame_0001.png")
    return str(root)


def listing(root):
    return sorted(
        (os.path.join(parent, name), os.stat(os.path.join(parent, name)).st_mtime_ns)
        for parent, folders, names in os.walk(root)
        for name in folders + names
    )


@pytest.fixture
def root(tmp_path):
    return build(tmp_path, SCENES)


def training(root, *parts):
    return os.path.join(root, FOLDER, "training", *parts)


def write_ids(root, name, lines):
    path = os.path.join(root, FOLDER, name)
    with open(path, "w") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


def id_line(scene, number):
    return "%s/frame_%04d.png###%s/frame_%04d.png###%s/frame_%04d.flo" % (
        scene,
        number,
        scene,
        number + 1,
        scene,
        number,
    )


ALL_IDS = ["alley_1/frames_%04d_%04d" % (n, n + 1) for n in range(1, 5)] + [
    "bamboo_2/frames_%04d_%04d" % (n, n + 1) for n in range(1, 4)
]


@pytest.mark.parametrize("mode", ["train_noval", "val_notrain"])
def test_all_pairs_sorted(mode, root):
    assert [sample.id for sample in sintel_samples(root, mode=mode)] == ALL_IDS


@pytest.mark.parametrize("render_pass", ["clean", "final"])
def test_files_of_a_sample(render_pass, root):
    first, second = sintel_samples(root, render_pass)[:2]
    assert first.frame1 == training(root, render_pass, "alley_1", "frame_0001.png")
    assert first.frame2 == training(root, render_pass, "alley_1", "frame_0002.png")
    assert first.flow == training(root, "flow", "alley_1", "frame_0001.flo")
    assert first.occlusion == training(root, "occlusions", "alley_1", "frame_0001.png")
    assert first.invalid == training(root, "invalid", "alley_1", "frame_0001.png")
    assert second.occlusion is None and second.invalid is None and second.flow is not None


def test_the_data_sets_own_folder_is_a_root_too(root):
    inner = os.path.join(root, FOLDER)
    assert find_sintel(root) == find_sintel(inner) == inner
    assert sintel_samples(inner) == sintel_samples(root)


def test_split_shares_all_pairs_between_the_parts(tmp_path):
    root = build(tmp_path, {"scene_%d" % number: 26 for number in range(4)})
    train = sintel_samples(root, mode="train_with_val")
    validation = sintel_samples(root, mode="train_with_val", part="val")
    assert (len(train), len(validation)) == (97, 3)
    assert sorted(train + validation, key=lambda sample: sample.id) == sintel_samples(root)
    assert (
        validation
        == sintel_samples(root, mode="val")
        == sorted(validation, key=lambda sample: sample.id)
    )
    clean, final = (
        {sample.id for sample in sintel_samples(root, render_pass, mode="val")}
        for render_pass in ("clean", "final")
    )
    assert clean == final


def test_test_mode_has_no_ground_truth(root):
    samples = sintel_samples(root, mode="test")
    assert [sample.id for sample in samples] == ALL_IDS
    assert all(
        sample.flow is None and sample.occlusion is None and sample.invalid is None
        for sample in samples
    )
    assert samples[0].frame1 == os.path.join(
        root, FOLDER, "test", "clean", "alley_1", "frame_0001.png"
    )


def test_nothing_is_written(root):
    before = listing(root)
    for mode in ("train_noval", "train_with_val", "val", "val_notrain", "test"):
        sintel_samples(root, mode=mode)
    assert listing(root) == before


def test_id_files_choose_the_split(root):
    write_ids(root, "clean_train_0.03split.txt", [id_line("bamboo_2", 2), id_line("alley_1", 1)])
    write_ids(root, "clean_val_0.03split.txt", [id_line("alley_1", 3)])
    assert [s.id for s in sintel_samples(root, mode="train_with_val", id_files=True)] == [
        ALL_IDS[0],
        ALL_IDS[5],
    ]
    assert [s.id for s in sintel_samples(root, mode="val", id_files=True)] == [ALL_IDS[2]]
    assert [
        s.id for s in sintel_samples(root, mode="train_with_val", part="val", id_files=True)
    ] == [ALL_IDS[2]]


@pytest.mark.parametrize(
    "lines, message",
    [
        (["alley_1/frame_0001.png"], "line 1"),
        ([id_line("alley_1", 1), id_line("alley_1", 9)], "line 2"),
        ([id_line("alley_1", 1)] * 2, "again.*line 2"),
        ([""], "at least one pair"),
    ],
)
def test_wrong_id_files_are_named_with_the_line(lines, message, root):
    path = write_ids(root, "clean_val_0.03split.txt", lines)
    with pytest.raises(ValueError, match=message) as caught:
        sintel_samples(root, mode="val", id_files=True)
    assert path in str(caught.value)


def test_missing_id_file_is_named(root):
    with pytest.raises(FileNotFoundError, match="final_val_0.03split.txt"):
        sintel_samples(root, "final", mode="val", id_files=True)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"render_pass": "albedo"}, "clean, final.*'albedo'"),
        ({"mode": "train"}, "train_noval.*'train'"),
        ({"mode": "train_noval", "part": "val"}, "part train of mode train_noval, got 'val'"),
        ({"mode": "test", "part": "train"}, "part test"),
        ({"mode": "val_notrain", "id_files": True}, "id files"),
    ],
)
def test_wrong_choices_are_refused(arguments, message, root):
    with pytest.raises(ValueError, match=message):
        sintel_samples(root, **arguments)


def test_missing_folders_are_named_with_the_layout(root):
    with pytest.raises(FileNotFoundError, match="nowhere.*%s/.training,test" % FOLDER):
        sintel_samples(os.path.join(root, "nowhere"))
    with pytest.raises(FileNotFoundError, match="%s/.training,test.*training/clean" % FOLDER):
        sintel_samples(training(root, "clean"))
    os.rename(training(root, "final"), os.path.join(root, "elsewhere"))
    with pytest.raises(FileNotFoundError, match="training/final; .*training/.final,flow./<scene>"):
        sintel_samples(root, "final")
    os.rename(training(root, "flow"), os.path.join(root, "elsewhere_flow"))
    with pytest.raises(FileNotFoundError, match="training/flow; .*training/.clean,flow"):
        sintel_samples(root)


def removed(root, *parts):
    path = training(root, *parts)
    os.remove(path)
    return path


@pytest.mark.parametrize(
    "gone",
    [
        ("clean", "alley_1", "frame_0001.png"),
        ("clean", "alley_1", "frame_0003.png"),
        ("clean", "bamboo_2", "frame_0004.png"),
        ("flow", "alley_1", "frame_0002.flo"),
    ],
)
def test_a_missing_file_is_named(gone, root):
    path = removed(root, *gone)
    with pytest.raises(FileNotFoundError) as caught:
        sintel_samples(root)
    assert path in str(caught.value)


def test_a_scene_without_frames_is_named(root):
    touch(root, FOLDER, "training", "flow", "cave_2", "frame_0001.flo")
    with pytest.raises(FileNotFoundError, match="training/clean/cave_2"):
        sintel_samples(root)


def test_a_scene_without_flow_is_named(root):
    for number in (1, 2):
        touch(root, FOLDER, "training", "clean", "cave_2", "frame_%04d.png" % number)
    with pytest.raises(FileNotFoundError, match="training/flow/cave_2/frame_0001.flo"):
        sintel_samples(root)


def test_frames_may_start_late_and_have_gaps_without_flow(tmp_path):
    for number in (2, 3, 5, 7, 8):
        touch(tmp_path, FOLDER, "training", "clean", "market_5", "frame_%04d.png" % number)
    for number in (2, 7):
        touch(tmp_path, FOLDER, "training", "flow", "market_5", "frame_%04d.flo" % number)
    touch(tmp_path, FOLDER, "training", "clean", "market_5", "Thumbs.db")
    assert [sample.id for sample in sintel_samples(str(tmp_path))] == [
        "market_5/frames_0002_0003",
        "market_5/frames_0007_0008",
    ]


def test_a_gap_in_the_test_split_is_named(root):
    os.remove(os.path.join(root, FOLDER, "test", "clean", "alley_1", "frame_0003.png"))
    with pytest.raises(FileNotFoundError, match="test/clean/alley_1/frame_0003.png"):
        sintel_samples(root, mode="test")


def test_a_single_pair_cannot_be_split(tmp_path):
    root = build(tmp_path, {"alley_1": 2})
    assert len(sintel_samples(root)) == 1
    with pytest.raises(ValueError, match="at least 2 pairs"):
        sintel_samples(root, mode="train_with_val")


def test_no_pairs_at_all_is_an_error(tmp_path):
    touch(tmp_path, FOLDER, "training", "clean", "alley_1", "frame_0001.png")
    os.makedirs(str(tmp_path / FOLDER / "training" / "flow" / "alley_1"))
    with pytest.raises(FileNotFoundError, match="pairs of frames.*training/clean"):
        sintel_samples(str(tmp_path))


def test_real_frames(real_data):
    for render_pass in ("clean", "final"):
        samples = sintel_samples(real_data, render_pass)
        assert [sample.file_name for sample in samples] == [
            "alley_1-frames_0001_0002",
            "alley_1-frames_0002_0003",
            "alley_1-frames_0003_0004",
            "market_5-frames_0002_0003",
        ]
        assert (
            [sample.occlusion is None for sample in samples]
            == [sample.invalid is None for sample in samples]
            == [True, False, True, False]
        )
    assert len(sintel_samples(real_data, mode="test")) == 3
    assert [
        len(sintel_samples(real_data, mode="train_with_val", part=part))
        for part in ("train", "val")
    ] == [3, 1]
    with pytest.raises(FileNotFoundError, match="test/final"):
        sintel_samples(real_data, "final", mode="test")


@pytest.mark.parametrize("litter", ["@eaDir", "#recycle", "lost+found", ".git", "__MACOSX"])
def test_litter_of_a_nas_is_no_scene(root, litter):
    expected = [sample.id for sample in sintel_samples(root, mode="train_noval")]
    for kind in ("training/clean", "training/flow", "test/clean"):
        touch(root, FOLDER, kind, litter, "SYNO@.fileindexdb")
        touch(root, FOLDER, kind, "alley_1", litter, "frame_0001.png")
    assert [sample.id for sample in sintel_samples(root, mode="train_noval")] == expected
    assert sintel_samples(root, mode="test")
