"""Presets and flags of scripts/train.py, in this process where nothing needs a fresh one."""

import json
import logging
import os

import pytest

from pwcnet.data.synthetic.scenes import demo_scene
from pwcnet.data.synthetic.sintel_layout import write_sintel
from pwcnet.training.options import TrainingOptions, training_options
from pwcnet.training.presets import PRESETS
from pwcnet.weights.checkpoint import Checkpoint, list_checkpoints
from tests.conftest import run_command, run_main
from tests.data.datasets import trees

SCRIPT = "scripts/train.py"
SMALL = [
    "--crop_height",
    64,
    "--crop_width",
    64,
    "--batch_size",
    1,
    "--variant",
    "small",
    "--threads",
    2,
]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A folder with Sintel, both passes, 3 pairs of 64x96, and one with KITTI 2015, 3 pairs of 64x80 with sparse truth."""
    folder = tmp_path_factory.mktemp("dataset")
    write_sintel(str(folder), [("one", demo_scene(0, 64, 96, 4, 4))])
    size, trees.SIZE = trees.SIZE, (64, 80)
    try:
        trees.kitti(folder, 2015)
    finally:
        trees.SIZE = size
    return str(folder)


def train(*arguments):
    return run_main(SCRIPT, *arguments)


def options_in(folder):
    with open(os.path.join(str(folder), "options.json")) as stream:
        return json.load(stream)


def test_a_mix_trains_end_to_end_and_validates(dataset, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    out = tmp_path / "out"
    assert (
        train(
            "--data",
            "sintel-clean=%s@3" % dataset,
            "kitti2015=%s@1" % dataset,
            "--mode",
            "train_with_val",
            "--steps",
            2,
            "--save_path",
            out,
            "--loss",
            "multiscale",
            "--photometric",
            "True",
            "--eraser",
            "yes",
            "--affine",
            "1",
            "--clip_norm",
            100,
            "--weight_decay",
            0,
            "--weight_decay_biases",
            "False",
            "--display",
            1,
            *SMALL,
        )
        == 0
    )
    assert sorted(list_checkpoints(str(out))) == [2]
    about = options_in(out)
    training = about["training"]
    assert (
        Checkpoint(str(out)).config.name == "sm-6-2"
        and about["preset"] is None
        and about["mode"] == "train_with_val"
        and about["masked"] is True
    )
    assert about["data"] == [
        {"name": "sintel-clean", "root": dataset, "weight": 3.0},
        {"name": "kitti2015", "root": dataset, "weight": 1.0},
    ]
    assert (
        training["augment"]["photometric"]
        and training["augment"]["eraser"]
        and training["augment"]["affine"]
    )
    assert (
        training["clip_norm"],
        training["weight_decay"],
        training["weight_decay_biases"],
        training["validate_every"],
    ) == (100.0, 0.0, False, 1000)
    with open(str(out / "train.log")) as stream:
        written = stream.read()
    assert (
        "step=1/2 loss=" in written
        and "step=2/2 loss=" in written
        and "75.0 % of those drawn" in written
        and "done" in written
    )


@pytest.fixture
def job(monkeypatch, dataset):
    """Function of flags to the Job that they mean for so many workers, which does not train."""
    import pwcnet.cli.training_options as training_command

    def made(*arguments, **settings):
        jobs = []
        monkeypatch.setattr(
            training_command,
            "run_training",
            lambda args, make_job, command: jobs.append(make_job(args, settings.get("workers", 1))),
        )
        train(*arguments)
        return jobs[0]

    return made


KITTI = ["--preset", "kitti", "--crop_height", 64, "--crop_width", 64]


def test_flags_win_over_a_preset(job, dataset):
    made = job(
        "--preset",
        "sintel-mixed",
        "--dataset",
        dataset,
        "--steps",
        1,
        "--learning_rate",
        1e-6,
        "--augment",
        "no",
        "--save_every",
        9,
        *SMALL,
    )
    options = made.options
    assert (
        options.schedule,
        options.learning_rate,
        options.augment,
        options.optimizer,
        options.save_every,
    ) == ("constant", 1e-6, None, "sgd", 9)
    assert (
        options.steps,
        options.crop,
        options.loss,
        options.validate_every,
        options.batch_size,
    ) == (1, (64, 64), "robust", 0, 1)
    assert [source["name"] for source in made.about["data"]] == [
        "sintel-clean",
        "sintel-final",
    ] and made.about["preset"] == "sintel-mixed"
    assert made.config.name == "sm-6-2" and len(made.data) == 6


def test_a_presets_steps_are_for_its_batch_size(job, dataset):
    data = ["--data", "kitti2015=" + dataset]
    steps = PRESETS["kitti"].training["steps"]
    assert job(*KITTI + data).options.steps == steps
    half = job(*KITTI + data + ["--batch_size", 8])
    assert half.options.steps == steps // 2 and "batch size 8" in half.notes[-1]
    assert job(*KITTI + data, workers=4).options.steps == steps // 4
    assert job(*KITTI + data + ["--steps", 7], workers=4).options.steps == 7


def test_a_loss_comes_with_its_own_optimizer(job, dataset):
    base = [
        "--preset",
        "sintel-clean-v1",
        "--dataset",
        dataset,
        "--crop_height",
        64,
        "--crop_width",
        64,
    ]
    assert job(*base).options.optimizer_name == "sgd" and not job(*base).data.masked
    assert job(*base + ["--loss", "multiscale", "--masked", "yes"]).options.optimizer_name == "adam"
    assert job(*base + ["--masked", "yes"]).data.masked
    assert (
        job(*base + ["--loss", "multiscale", "--optimizer", "momentum"]).options.optimizer_name
        == "momentum"
    )


def test_weights_of_another_variant(job, small_checkpoint):
    flags = ["--preset", "scenes-2", "--pretrained", small_checkpoint]
    assert job(*flags).config.name == job(*flags + ["--variant", "small"]).config.name == "sm-6-2"
    with pytest.raises(
        ValueError,
        match="expected weights of --variant large, got sm-6-2 in .*; leave --variant out",
    ):
        job(*flags + ["--variant", "large"])


def test_a_rate_for_a_preset_that_ends_annealed_is_its_highest(job):
    options = job("--preset", "scenes-2", "--learning_rate", 1e-4).options
    assert (options.schedule, options.learning_rate) == ("cosine", 1e-4)
    assert (
        job(
            "--preset", "scenes-2", "--learning_rate", 1e-4, "--schedule", "constant"
        ).options.schedule
        == "constant"
    )


def test_validation_on_two_sets_of_one_name(job):
    made = job(
        "--data",
        "generated=median=1",
        "generated=median=20,pairs=2000000000",
        "--steps",
        5,
        "--save_path",
        "unused",
        "--mode",
        "train_with_val",
        *SMALL,
    )
    assert len({sample.id for sample in made.validation.samples}) == 32 and {
        sample.id.split("/")[0] for sample in made.validation.samples
    } == {"generated", "generated-2"}


def test_a_presets_augmentation_stays_under_what_flags_add(job, dataset):
    augment = job(*KITTI + ["--data", "kitti2015=" + dataset, "--eraser", "True"]).options.augment
    assert augment.flip_up_down == 0.0 and augment.eraser and not augment.affine


def test_validation_data(job, dataset):
    base = KITTI + ["--data", "kitti2015=" + dataset]
    assert job(*base).validation is None
    other = job(
        *base
        + [
            "--validate_data",
            "sintel-clean=" + dataset,
            "--validate_mode",
            "val_notrain",
            "--save_every",
            50,
        ]
    )
    assert len(other.validation.samples) == 3 and other.options.validate_every == 50
    own = job(*base + ["--mode", "train_with_val", "--validate_every", 7])
    assert (
        len(own.validation.samples) == 1 and own.options.validate_every == 7 and len(own.data) == 2
    )
    both = job(
        "--preset", "sintel-mixed", "--dataset", dataset, "--mode", "train_with_val", *SMALL
    ).validation.samples
    assert len({sample.id for sample in both}) == 2 and {
        sample.id.split("/")[0] for sample in both
    } == {"sintel-clean", "sintel-final"}
    never = job(*base + ["--mode", "train_with_val", "--validate_every", 0])
    assert never.validation is None and never.options.validate_every == 0


def test_bad_samples_can_be_skipped(job, tmp_path):
    size, trees.SIZE = trees.SIZE, (64, 80)
    try:
        trees.kitti(tmp_path, 2015)
    finally:
        trees.SIZE = size
    for number in range(2):
        (
            tmp_path / "data_scene_flow" / "training" / "image_2" / ("%06d_11.png" % number)
        ).write_bytes(b"no picture")
    assert job(*KITTI + ["--data", "kitti2015=%s" % tmp_path, "--skip_bad_samples"]).data.skip_bad


@pytest.mark.parametrize("name", list(PRESETS))
def test_show_preset_prints_json_of_the_same_options(name, capsys):
    assert train("--show_preset", name) == 0
    printed = json.loads(capsys.readouterr().out)
    options = training_options(PRESETS[name].training)
    assert isinstance(options, TrainingOptions) and training_options(printed["training"]) == options
    assert (
        printed["name"] == name
        and printed["data"] == PRESETS[name].data
        and printed["variant"] == PRESETS[name].variant
    )


def test_list_presets(capsys):
    assert train("--list_presets") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS) and {
        line.split()[1] for line in lines
    } == {"published", "ours"}


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        (
            ["--preset", "sintel"],
            ValueError,
            "expected a preset of large-multisteps-chairsthingsmix, .*got 'sintel'",
        ),
        (["--show_preset", "sintel"], ValueError, "expected a preset"),
        (["--steps", 1, "--save_path", "OUT"], ValueError, "no --data"),
        (["--data", "hd1k=/d", "--save_path", "OUT"], ValueError, "no --steps"),
        (
            ["--preset", "kitti", "--data", "kitti2015=DATA", "--dataset", "DATA"],
            ValueError,
            "--data or --dataset",
        ),
        (
            ["--preset", "kitti", "--dataset", "/nowhere"],
            FileNotFoundError,
            "data_stereo_flow.*kitti2012=/nowhere",
        ),
        (
            ["--preset", "large-cyclic-chairsthingsmix", "--dataset", "DATA"],
            FileNotFoundError,
            "FlyingChairs_release",
        ),
        (["--preset", "kitti", "--data", "kitti2015"], ValueError, "NAME=FOLDER"),
        (["--preset", "kitti", "--data", "kitti2015=DATA"], ValueError, "64x80.*got 320x896"),
        (
            ["--preset", "sintel-final", "--dataset", "DATA", "--crop_height", 60],
            ValueError,
            "multiples of 64",
        ),
        (
            [
                "--preset",
                "sintel-final",
                "--dataset",
                "DATA",
                "--augment",
                "False",
                "--eraser",
                "True",
            ],
            ValueError,
            "--augment True with --eraser True",
        ),
        (
            ["--preset", "sintel-final", "--dataset", "DATA", "--validate_every", 5],
            ValueError,
            "--mode train_with_val",
        ),
        (
            [
                "--preset",
                "sintel-final",
                "--dataset",
                "DATA",
                "--validate_data",
                "sintel-clean=DATA",
            ],
            ValueError,
            "1 that do.*--mode train_with_val",
        ),
        (
            [
                "--preset",
                "sintel-mixed",
                "--data",
                "sintel-final=DATA@1",
                "sintel-clean=DATA",
                "--crop_height",
                64,
                "--crop_width",
                64,
            ],
            ValueError,
            "None for all",
        ),
    ],
)
def test_wrong_flags_write_nothing(arguments, error, words, dataset, tmp_path):
    out = tmp_path / "out"
    places = {"DATA": dataset, "OUT": out}
    arguments = [places.get(each, str(each).replace("DATA", dataset)) for each in arguments]
    with pytest.raises(error, match=words):
        train("--save_path", out, *arguments)
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--loss_scale", "0"], "expected a number above 0, or dynamic, got '0'"),
        (["--weight_decay", "-1"], "0 or more, got '-1'"),
        (["--loss", "l2"], "invalid choice: 'l2'"),
        (["--steps", "0"], "above 0"),
    ],
)
def test_wrong_values_are_refused_by_the_parser(arguments, words, capsys):
    with pytest.raises(SystemExit) as caught:
        train(*arguments)
    assert caught.value.code == 2 and words in capsys.readouterr().err


def test_an_error_is_one_line_and_exit_code_2(tmp_path):
    done = run_command(
        SCRIPT, "--preset", "kitti", "--dataset", tmp_path, "--save_path", tmp_path / "out"
    )
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("device: ")]
    assert done.returncode == 2 and line.startswith("train.py: error: expected data_stereo_flow")
    assert run_command(SCRIPT, "--help").returncode == 0


def test_real_frames_of_every_data_set_train_together(real_data, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    sources = [
        "%s=%s" % (name, real_data)
        for name in (
            "sintel-clean",
            "sintel-final",
            "chairs",
            "kitti2012",
            "kitti2015",
            "middlebury",
        )
    ]
    assert (
        train(
            "--data",
            *(
                sources
                + [
                    "--steps",
                    20,
                    "--save_path",
                    tmp_path,
                    "--loss",
                    "multiscale",
                    "--learning_rate",
                    1e-4,
                    "--display",
                    20,
                ]
                + SMALL
            ),
        )
        == 0
    )
    assert sorted(list_checkpoints(str(tmp_path))) == [20]
