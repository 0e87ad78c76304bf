"""`pwcnet train`: presets, options that win over them, and what is refused."""

import json
import logging
import os

import numpy as np
import pytest

from pwcnet.cli import train
from pwcnet.cli.training_run import Places
from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.io.images import write_image
from pwcnet.training.options import TrainingOptions, training_options
from pwcnet.training.presets import PRESETS
from pwcnet.weights.checkpoint import Checkpoint
from pwcnet.weights.files import list_checkpoints
from tests.helpers import dataset_trees as trees
from tests.helpers.commands import ROOT, run_command
from tests.helpers.run_folders import differences_from

SMALL = "--crop 64x64 --batch-size 1 --variant small --threads 2".split()
KITTI = "--preset kitti --crop 64x64".split()


def kitti_tree(folder):
    """KITTI 2015, 3 pairs of 64x80 with sparse ground truth."""
    size, trees.SIZE = trees.SIZE, (64, 80)
    try:
        trees.kitti(folder, 2015)
    finally:
        trees.SIZE = size


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A folder with Sintel, both passes, 3 pairs of 64x96, and KITTI 2015."""
    folder = tmp_path_factory.mktemp("dataset")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 96, 4, 4))])
    kitti_tree(folder)
    return str(folder)


def run(*arguments):
    """The exit code of `pwcnet train`."""
    return train.main([str(argument) for argument in arguments], "pwcnet train")


@pytest.fixture
def job(monkeypatch):
    """Function of arguments to the Job that they mean for so many workers, which does not train."""

    def job_of(*arguments, workers=1):
        jobs = []

        def record(args, output, make_job, command):
            places = Places(output, args.dataset, args.weights, args.resume)
            jobs.append(make_job(places, workers))

        monkeypatch.setattr(train, "run_training", record)
        run(*arguments)
        return jobs[0]

    return job_of


@pytest.mark.whole_on("tf2")
def test_a_mixture_trains_end_to_end_and_validates(dataset, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    out = tmp_path / "out"
    sources = ["sintel-clean=%s@3" % dataset, "kitti2015=%s@1" % dataset]
    options = (
        "--mode train_with_val --steps 2 --loss multiscale --photometric True --eraser yes "
        "--affine 1 --clip-norm 100 --weight-decay 0 --weight-decay-biases False --display 1"
    )
    assert run("--data", *sources, "--output", out, *(options.split() + SMALL)) == 0
    assert sorted(list_checkpoints(str(out))) == [2]
    assert Checkpoint(str(out)).config.name == "sm-6-2"
    with open(str(out / "options.json")) as stream:
        about = json.load(stream)
    assert (about["preset"], about["mode"], about["masked"]) == (None, "train_with_val", True)
    assert about["command"][:3] == ["pwcnet", "train", "--data"]
    assert [(source["name"], source["weight"]) for source in about["data"]] == [
        ("sintel-clean", 3.0),
        ("kitti2015", 1.0),
    ]
    training = about["training"]
    assert all(training["augment"][name] for name in ("photometric", "eraser", "affine"))
    assert (training["clip_norm"], training["weight_decay"]) == (100.0, 0.0)
    assert (training["weight_decay_biases"], training["validate_every"]) == (False, 1000)
    log = (out / "train.log").read_text()
    for text in ("step=1/2 loss=", "step=2/2 loss=", "75.0 % of those drawn", "done"):
        assert text in log


def test_options_win_over_a_preset(job, dataset):
    options = "--preset sintel-mixed --steps 1 --learning-rate 1e-6 --augment no --save-every 9"
    result = job("--dataset", dataset, *(options.split() + SMALL))
    options = result.options
    assert (options.schedule, options.learning_rate, options.augment) == ("constant", 1e-6, None)
    assert (options.optimizer, options.save_every, options.steps) == ("sgd", 9, 1)
    assert (options.crop, options.loss, options.validate_every) == ((64, 64), "robust", 0)
    assert options.batch_size == 1 and len(result.data) == 6 and result.config.name == "sm-6-2"
    names = [source["name"] for source in result.metadata["data"]]
    assert names == ["sintel-clean", "sintel-final"]
    assert result.metadata["preset"] == "sintel-mixed"


def test_a_large_network_grows_from_a_small_one(job, dataset, small_checkpoint):
    options = ["--preset", "sintel-mixed", "--dataset", dataset, "--crop", "64x64"]
    grown = job("--grow", "--weights", small_checkpoint, *options)
    assert grown.config.name == "lg-6-2" and grown.options.grow is True
    with pytest.raises(ValueError, match="sm-6-2"):
        job("--grow", "--weights", small_checkpoint, "--variant", "small", *options)
    with pytest.raises(ValueError, match="--weights"):
        job("--grow", *options)


def test_what_goes_on_has_grown(job, dataset, small_checkpoint):
    """A run of the small network is not taken for one that has grown."""
    small = ["--output", os.path.dirname(small_checkpoint), "--resume", "--crop", "64x64"]
    options = ["--preset", "sintel-mixed", "--dataset", dataset, *small]
    assert job(*options).config.name == "sm-6-2"
    with pytest.raises(ValueError, match="sm-6-2.*--grow"):
        job("--grow", "--weights", small_checkpoint, *options)


def test_scenes_with_ones_own_photographs(job, dataset, tmp_path):
    write_image(str(tmp_path / "a.png"), np.full((600, 600, 3), 90, np.uint8))
    result = job("--preset", "scenes-6", "--photos", tmp_path, "--crop", "64x64")
    scenes = result.data.sample(0).options
    assert (scenes.photos, scenes.kind, scenes.largest_motion) == (str(tmp_path), "both", 200)
    for options in (["--preset", "sintel-mixed", "--dataset", dataset], ["--data", "chairs=x"]):
        with pytest.raises(ValueError, match="--photos"):
            job("--photos", tmp_path, "--steps", 1, "--output", tmp_path / "run", *options)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        job("--preset", "scenes-6", "--photos", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="a,seed=9 "):  # else the seed would be another one
        job("--preset", "scenes-6", "--photos", tmp_path / "a,seed=9")


@pytest.mark.full
def test_the_grown_network_trains(dataset, small_checkpoint, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    options = "--steps 1 --crop 64x64 --batch-size 1 --loss multiscale --learning-rate 1e-30"
    data = ["--data", "sintel-clean=" + dataset, "--output", tmp_path]
    assert run("--grow", "--weights", small_checkpoint, *data, *options.split()) == 0
    assert "grown from sm-6-2" in caplog.text
    trained, small = Checkpoint(str(tmp_path)), Checkpoint(small_checkpoint)
    assert trained.config.name == "lg-6-2"
    kernel = trained.weights()["pwcnet/predict_flow/conv2_1/kernel"]
    original = small.weights()["pwcnet/predict_flow/conv2_1/kernel"]
    assert kernel[:, :, : original.shape[2]] == pytest.approx(original)


def test_names_of_before(job, dataset, small_checkpoint):
    new = (
        "--weights %s --initializer coarse_to_fine --readers 2 --output out --crop 64x64 "
        "--skip-bad --clip-norm 5 --keep-range 2:8:2" % small_checkpoint
    )
    old = (
        "--pretrained %s --start coarse_to_fine --workers 2 --save_path out --crop_height 64 "
        "--crop_width 64 --skip_bad_samples --clip_norm 5 --keep_range 2:8:2" % small_checkpoint
    )
    base = ["--preset", "sintel-final", "--dataset", dataset]
    first, second = (job(*base + text.split()) for text in (new, old))
    assert first.options == second.options and first.config == second.config
    assert (first.options.initializer, first.options.readers) == ("coarse_to_fine", 2)
    assert first.options.keep_range == (2, 8, 2)
    assert first.data.skip_bad and second.data.skip_bad


def test_one_side_of_the_crop(job, dataset):
    arguments = ["--preset", "sintel-final", "--dataset", dataset, "--crop", "64x128"]
    assert job(*arguments + ["--crop-width", "64"]).options.crop == (64, 64)


def test_a_presets_steps_are_for_its_batch_size(job, dataset):
    data = ["--data", "kitti2015=" + dataset]
    steps = PRESETS["kitti"].training["steps"]
    assert job(*KITTI + data).options.steps == steps
    half = job(*KITTI + data + ["--batch-size", 8])
    assert half.options.steps == steps // 2 and "batch size 8" in half.notes[-1]
    assert job(*KITTI + data, workers=4).options.steps == steps // 4
    assert job(*KITTI + data + ["--steps", 7], workers=4).options.steps == 7


def test_a_loss_comes_with_its_own_optimizer(job, dataset):
    base = ["--preset", "sintel-clean-v1", "--dataset", dataset, "--crop", "64x64"]
    published = job(*base)
    assert published.options.optimizer_name == "sgd" and not published.data.masked
    other = job(*base + ["--loss", "multiscale", "--masked", "yes"])
    assert other.options.optimizer_name == "adam" and other.data.masked
    other = job(*base + ["--loss", "multiscale", "--optimizer", "momentum"])
    assert other.options.optimizer_name == "momentum"


def test_weights_of_another_variant(job, small_checkpoint):
    arguments = ["--preset", "scenes-2", "--weights", small_checkpoint]
    assert job(*arguments).config.name == "sm-6-2"
    assert job(*arguments + ["--variant", "small"]).config.name == "sm-6-2"
    with pytest.raises(ValueError, match="sm-6-2.*--variant large"):
        job(*arguments + ["--variant", "large"])


def test_a_run_that_is_resumed_keeps_its_network(job, small_checkpoint):
    folder = os.path.dirname(small_checkpoint)
    arguments = ["--preset", "scenes-2", "--output", folder, "--resume"]
    assert job(*arguments).config.name == "sm-6-2"
    with pytest.raises(ValueError, match="--variant large"):
        job(*arguments + ["--variant", "large"])


def test_the_rate_for_a_cosine_preset_is_its_highest(job):
    arguments = ["--preset", "scenes-2", "--learning-rate", 1e-4]
    options = job(*arguments).options
    assert (options.schedule, options.learning_rate) == ("cosine", 1e-4)
    assert job(*arguments + ["--schedule", "constant"]).options.schedule == "constant"


def test_validation_on_two_sets_of_one_name(job):
    sources = ["generated=median=1", "generated=median=20,pairs=2000000000"]
    options = ["--steps", 5, "--output", "unused", "--mode", "train_with_val"]
    samples = job("--data", *sources + options + SMALL).validation.samples
    assert len({sample.id for sample in samples}) == 32
    assert {sample.id.split("/")[0] for sample in samples} == {"generated", "generated-2"}


def test_a_presets_augmentation_stays_under_what_options_add(job, dataset):
    arguments = KITTI + ["--data", "kitti2015=" + dataset, "--eraser", "True"]
    augment = job(*arguments).options.augment
    assert augment.flip_up_down == 0.0 and augment.eraser and not augment.affine


def test_validation_data(job, dataset):
    base = KITTI + ["--data", "kitti2015=" + dataset]
    assert job(*base).validation is None
    other = "--validate-mode val_notrain --save-every 50".split()
    other = job(*base + ["--validate-data", "sintel-clean=" + dataset] + other)
    assert len(other.validation.samples) == 3 and other.options.validate_every == 50
    split = base + ["--mode", "train_with_val", "--validate-every"]
    held_out = job(*split + [7])
    assert len(held_out.validation.samples) == 1 and len(held_out.data) == 2
    assert held_out.options.validate_every == 7
    never = job(*split + [0])
    assert never.validation is None and never.options.validate_every == 0
    both = ["--preset", "sintel-mixed", "--dataset", dataset, "--mode", "train_with_val"]
    samples = job(*both + SMALL).validation.samples
    assert len({sample.id for sample in samples}) == 2
    assert {sample.id.split("/")[0] for sample in samples} == {"sintel-clean", "sintel-final"}


def test_bad_samples_can_be_skipped(job, tmp_path):
    kitti_tree(tmp_path)
    for number in range(2):
        path = tmp_path / "data_scene_flow" / "training" / "image_2" / ("%06d_11.png" % number)
        path.write_bytes(b"no image")
    assert job(*KITTI + ["--data", "kitti2015=%s" % tmp_path, "--skip-bad"]).data.skip_bad


def test_run_folders_of_version_0_1_have_the_same_options(job, dataset, tmp_path, monkeypatch):
    """options.json of scripts/train.py with the same options at that version."""
    write_sintel(str(tmp_path / "data"), [("one", demo_scene(0, 64, 96, 4, 4))])
    monkeypatch.chdir(tmp_path)
    options = "--preset sintel-mixed --dataset data --steps 1 --mode train_with_val --readers 2"
    result = job(*options.split(), "--eraser", True, *SMALL[:-2])
    assert differences_from("train.json", result, tmp_path / "run") == {}


@pytest.mark.parametrize("name", list(PRESETS))
def test_show_preset_prints_json_of_the_same_options(name, capsys):
    assert run("--show-preset", name) == 0
    printed = json.loads(capsys.readouterr().out)
    options = training_options(PRESETS[name].training)
    assert isinstance(options, TrainingOptions) and training_options(printed["training"]) == options
    assert printed["name"] == name and printed["data"] == PRESETS[name].data
    assert printed["variant"] == PRESETS[name].variant


def test_list_presets(capsys):
    assert run("--list-presets") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == list(PRESETS)
    assert {line[1] for line in lines} == {"published", "ours"}


def test_defaults_in_the_help_are_those_of_the_options(capsys):
    with pytest.raises(SystemExit):
        run("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: %dx%d)" % TrainingOptions.crop in text
    assert "checkpoints at multiples of this are kept for good, 0: none (default: 8000)" in text
    assert "--workers" not in text and "--pretrained W" not in text and "%" not in text


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ("--preset sintel", ValueError, "'sintel'"),
        ("--show-preset sintel", ValueError, "'sintel'"),
        ("--steps 1 --output OUT", ValueError, "no --data"),
        ("--data hd1k=/d --output OUT", ValueError, "no --steps"),
        ("--preset kitti --data kitti2015=DATA --dataset DATA", ValueError, "--dataset"),
        ("--preset kitti --data kitti2015=DATA --data-url DATA", ValueError, "--data-url"),
        ("--preset kitti --dataset /nowhere", FileNotFoundError, "/nowhere"),
        ("--preset large-cyclic-chairsthingsmix --dataset DATA", FileNotFoundError, "FlyingChairs"),
        ("--preset kitti --data kitti2015", ValueError, "'kitti2015'"),
        ("--preset kitti --data kitti2015=DATA", ValueError, "64x80.*320x896"),
        ("--preset sintel-final --dataset DATA --crop-height 60", ValueError, "64"),
        ("--preset sintel-final --dataset DATA --augment no --eraser yes", ValueError, "--eraser"),
        ("--preset sintel-final --dataset DATA --validate-every 5", ValueError, "--mode train_w"),
        (
            "--preset sintel-final --dataset DATA --validate-data sintel-clean=DATA",
            ValueError,
            "1 of the pairs",
        ),
        (
            "--preset sintel-mixed --data sintel-final=DATA@1 sintel-clean=DATA --crop 64x64",
            ValueError,
            "None",
        ),
    ],
)
def test_wrong_options_write_nothing(arguments, error, words, dataset, tmp_path):
    out = tmp_path / "out"
    arguments = arguments.replace("DATA", dataset).replace("OUT", str(out))
    with pytest.raises(error, match=words):
        run("--output", out, *arguments.split())
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments, value",
    [
        (["--loss-scale", "0"], "'0'"),
        (["--weight-decay", "-1"], "'-1'"),
        (["--loss", "l2"], "'l2'"),
        (["--steps", "0"], "'0'"),
        (["--crop", "60x64"], "60x64"),
        (["--keep-range", "1:2"], "'1:2'"),
    ],
)
def test_wrong_values_are_refused_by_the_parser(arguments, value, capsys):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    line = capsys.readouterr().err
    assert caught.value.code == 2 and line.count("\n") == 1 and value in line


def test_an_output_that_is_a_file_is_refused_before_the_data_are_read(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run("--data", "kitti2015=/nowhere", "--steps", "1", "--output", str(tmp_path / "file"))


def test_an_error_is_one_line_and_exit_code_2(tmp_path):
    arguments = ["--preset", "kitti", "--dataset", tmp_path, "--output", tmp_path / "out"]
    done = run_command(
        "-m", "pwcnet", "train", *arguments, cwd="/", env=dict(os.environ, PYTHONPATH=ROOT)
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("pwcnet train: error: ") and str(tmp_path) in done.stderr


@pytest.mark.full
def test_real_frames_of_every_data_set_train_together(real_data, tmp_path):
    names = ("sintel-clean", "sintel-final", "chairs", "kitti2012", "kitti2015", "middlebury")
    sources = ["%s=%s" % (name, real_data) for name in names]
    options = "--steps 20 --loss multiscale --learning-rate 1e-4 --display 20".split()
    assert run("--data", *sources, "--output", tmp_path, *options + SMALL) == 0
    assert sorted(list_checkpoints(str(tmp_path))) == [20]
