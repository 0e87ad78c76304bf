"""Trains PWC-Net on one data set or a mix of several, by a preset or by flags alone.

    python scripts/train.py --preset large-multisteps-chairsthingsmix --dataset /data
    python scripts/train.py --data sintel-clean=/data@2 chairs=/data@1 --steps 100000 --save_path ./mine/ --pretrained ./pretrained/pwcnet.ckpt-595000

Flags win over the preset; what neither says has the default of the fine-tuning script. --steps is what it says, whatever the batch size; without it a preset's
steps are those of the same number of samples: they scale with the batch size of all processes together, as every schedule's steps do.
"""

import json
import os
from dataclasses import asdict, replace

from pwcnet.cli.arguments import ArgumentParser, boolean, positive_int
from pwcnet.cli.common import load_tensorflow
from pwcnet.cli.training_options import (
    Job,
    add_training_flags,
    given_options,
    run_training,
    validate_every,
    variant,
)
from pwcnet.data.datasets.registry import DATASETS, Source, dataset_samples, parse_source
from pwcnet.data.mixture import Mix
from pwcnet.data.sample import Endless
from pwcnet.training.presets import PRESETS, Preset, find_preset

CROP = (
    384,
    768,
)  # height and width, as pwcnet.training.options has them, without importing TensorFlow
ADDED = {
    "photometric": "colours, brightness and noise",
    "affine": "zoom and rotation",
    "eraser": "rectangles of frame 2 painted over",
}
NO_PRESET = Preset("", "flags alone", {}, {})


def parser(prog=None):
    made = ArgumentParser(
        prog=prog,
        description=__doc__,
        epilog="Data sets: %s." % ", ".join(DATASETS),
    )
    made.add_argument("--preset", metavar="NAME", help="a recipe; see --list_presets")
    made.add_argument("--list_presets", action="store_true", help="print the presets and end")
    made.add_argument(
        "--show_preset", metavar="NAME", help="print all that a preset says, as JSON, and end"
    )
    made.add_argument(
        "--data",
        nargs="+",
        metavar="NAME=FOLDER",
        help="data sets to train on, in the place of the preset's; with NAME=FOLDER@WEIGHT "
        "their shares of the pairs drawn, otherwise in proportion to their pairs",
    )
    made.add_argument(
        "--dataset",
        metavar="ROOT",
        help="folder that holds the preset's data sets as they are published (default: ./dataset/)",
    )
    made.add_argument(
        "--mode",
        choices=("train_noval", "train_with_val"),
        default="train_noval",
        help="train on all pairs, or without each set's validation part, which then validates (default: %(default)s)",
    )
    made.add_argument(
        "--validate_data",
        nargs="+",
        metavar="NAME=FOLDER",
        help="validate on the validation parts of these data sets",
    )
    made.add_argument(
        "--validate_mode",
        choices=("val", "val_notrain"),
        default="val",
        help="of --validate_data: their validation parts, or all their pairs (default: %(default)s)",
    )
    made.add_argument(
        "--save_path",
        help="folder for checkpoints and the log (default with a preset: ./pwcnet-NAME/)",
    )
    made.add_argument("--steps", type=positive_int, help="optimizer steps")
    made.add_argument("--loss", choices=("multiscale", "robust", "robust_per_pixel"))
    for name, what in ADDED.items():
        made.add_argument(
            "--" + name,
            type=boolean,
            help="%s, changed at random with the default strengths" % what,
        )
    add_training_flags(made)
    return made


def main(argv, prog=None):
    args = parser(prog).parse_args(argv)
    if args.list_presets:
        for name, preset in PRESETS.items():
            print("%-34s %-10s %s" % (name, preset.origin, preset.description))
        return 0
    if args.show_preset:
        print(json.dumps(shown(args.show_preset), indent=2))
        return 0
    preset = find_preset(args.preset) if args.preset else NO_PRESET
    sources, values = sources_of(args, preset), option_values(args, preset)
    args.save_path = args.save_path or "./pwcnet-%s/" % args.preset

    def make_job(_, workers):
        return job(
            args, preset, sources_of(args, preset) if args.data_url else sources, values, workers
        )  # --data_url is a folder by now

    return run_training(args, make_job, [os.path.abspath(__file__)] + argv)


def shown(name):
    """A preset with the values of all options, as JSON has them."""
    preset = find_preset(name)
    load_tensorflow()
    from pwcnet.training.options import training_options

    return dict(asdict(preset), name=name, training=asdict(training_options(preset.training)))


def sources_of(args, preset):
    """The Sources to train on. Raises ValueError where the flags do not say enough, or contradict each other."""
    if args.data and args.data_url:
        raise ValueError(
            "expected --data or --data_url, got both; --data names each set's folder itself"
        )
    if args.data and args.dataset:
        raise ValueError(
            "expected --data or --dataset, got both; --data names each set's folder itself"
        )
    if not args.preset:
        absent = [name for name in ("data", "steps", "save_path") if not getattr(args, name)]
        if absent:
            raise ValueError(
                "expected --preset, or --data, --steps and --save_path, got no --%s; see --list_presets"
                % " and no --".join(absent)
            )
    if args.data:
        return [parse_source(text) for text in args.data]
    return [
        Source(
            name, preset.generated if name == "generated" else args.dataset or "./dataset/", weight
        )
        for name, weight in preset.data.items()
    ]


def option_values(args, preset):
    """The values of TrainingOptions that preset and flags say, but for steps and validate_every."""
    values = dict(preset.training)
    if args.loss:
        values["loss"] = args.loss
        values.pop("optimizer", None)  # the preset's is that of its own loss
    values.update(given_options(args))
    if preset.training.get("schedule") == "cosine" and not args.schedule:
        values["schedule"] = "cosine"  # --learning_rate is the highest of it
    crop = values.get("crop", CROP)
    values["crop"] = args.crop_height or crop[0], args.crop_width or crop[1]
    values["augment"] = augmentation(args, values.get("augment", {}))
    return values


def augmentation(args, base):
    """The values of AugmentOptions, or None. base: the preset's, None for none, as where pairs are generated."""
    parts = {
        name: {} if getattr(args, name) else None
        for name in ADDED
        if getattr(args, name) is not None
    }
    asked = [name for name, value in parts.items() if value is not None]
    if args.augment or asked and args.augment is None or base is not None and args.augment is None:
        return dict(base or {}, **parts)
    if asked:
        raise ValueError(
            "expected --augment True with --%s True, got False; try without --augment" % asked[0]
        )
    return None


def job(args, preset, sources, values, workers):
    """The Job of the flags for one of so many workers."""
    from pwcnet.data.input_pipeline import TrainingData
    from pwcnet.training.options import TrainingOptions, training_options

    joint = values.get("batch_size", TrainingOptions.batch_size) * workers
    steps = args.steps or max(1, preset.training["steps"] * preset.training["batch_size"] // joint)
    masked = preset.masked if args.masked is None else args.masked
    parts = [dataset_samples(source.name, source.root, args.mode) for source in sources]
    validation = validation_of(args, sources, parts, masked)
    every = validate_every(
        args.validate_every, values.get("save_every", TrainingOptions.save_every), validation
    )
    options = training_options(dict(values, steps=steps, validate_every=every))
    config = variant(args, args.variant or preset.variant)

    def data(samples):
        return TrainingData(
            samples, options.crop, options.augment, options.seed, masked, args.skip_bad_samples
        )

    for samples in parts:
        data(samples).example(0)  # a crop that does not fit is found before anything is written
    mix = Mix([(samples, source.weight) for samples, source in zip(parts, sources)], options.seed)
    about = {
        "preset": args.preset,
        "data": [asdict(source) for source in sources],
        "mode": args.mode,
        "masked": masked,
    }
    notes = [
        "%s=%s: %d pairs, %.1f %% of those drawn"
        % (source.name, source.root, len(samples), 100.0 * share)
        for source, samples, share in zip(sources, parts, mix.shares)
    ]
    if not args.steps and steps != preset.training["steps"]:
        notes.append(
            "the preset's %d steps of batch size %d are %d of batch size %d"
            % (preset.training["steps"], preset.training["batch_size"], steps, joint)
        )
    return Job(data(mix), config, options, validation, tuple(notes), about)


def validation_of(args, sources, parts, masked):
    """Validation on --validate_data, or on the parts that --mode sets aside; None where there are none or --validate_every is 0.

    Raises ValueError where pairs would train and validate.
    """
    from pwcnet.training.validation import Validation

    if args.validate_every == 0 or not (args.validate_data or args.mode == "train_with_val"):
        return None
    chosen = [parse_source(text) for text in args.validate_data] if args.validate_data else sources
    mode = args.validate_mode if args.validate_data else "val"
    samples = [
        replace(sample, id="%s/%s" % (label, sample.id))
        for label, source in zip(_labels(chosen), chosen)
        for sample in dataset_samples(source.name, source.root, mode)
    ]
    training = {
        os.path.realpath(sample.flow)
        for part in parts
        if not isinstance(part, Endless)
        for sample in part
    }  # others have no files
    both = [sample.id for sample in samples if os.path.realpath(sample.flow) in training]
    if both:
        raise ValueError(
            "expected pairs to validate on that do not train, got %d that do, %s among them; try --mode train_with_val"
            % (len(both), both[0])
        )
    return Validation(samples, masked=masked)


def _labels(sources):
    """The sources' names, with a number from the second of a name on: "sintel-clean", "sintel-clean-2"."""
    names = [source.name for source in sources]
    return [
        name if index == names.index(name) else "%s-%d" % (name, names[: index + 1].count(name))
        for index, name in enumerate(names)
    ]
