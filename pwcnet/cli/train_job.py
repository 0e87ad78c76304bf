"""What `pwcnet train` trains: the job of a preset and the options that win over it."""

from __future__ import annotations

import functools
from argparse import Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Mapping, Sequence, cast

from pwcnet.cli.training_options import given_options
from pwcnet.cli.training_run import Job, Places, choose_config, validation_steps
from pwcnet.data.datasets.registry import Source, make_source, parse_source
from pwcnet.data.mixture import Mix, shared_pairs
from pwcnet.training.options import TrainingOptions, training_options
from pwcnet.training.presets import Preset

if TYPE_CHECKING:
    from pwcnet.training.validation import Validation

AUGMENTATIONS = {  # which are off by default
    "photometric": "random changes of colors, brightness and noise (default: as the preset, else "
    "False)",
    "affine": "random zoom and rotation (default: as the preset, else False)",
    "eraser": "random rectangles of frame 2 are painted over (default: as the preset, else False)",
}
DATASET = "./dataset/"
NO_PRESET = Preset("", "options alone", {}, {})


def check_arguments(args: Namespace, preset: Preset | None) -> None:
    """Raises ValueError where the options do not say enough, or contradict each other."""
    for other in ("data_url", "dataset"):
        if args.data and getattr(args, other):
            raise ValueError(
                "--data and --%s were both given; --data names the folder of each set itself"
                % other.replace("_", "-")
            )
    if not args.preset:
        missing = [name for name in ("data", "steps", "output") if not getattr(args, name)]
        if missing:
            raise ValueError(
                "without --preset, --data, --steps and --output are needed, and there is no --%s; "
                "see --list-presets" % " and no --".join(missing)
            )
    _sources(args, preset or NO_PRESET, args.dataset)


def _sources(args: Namespace, preset: Preset, dataset: str | None) -> list[Source]:
    """The data sets to train on. dataset: folder of those that the preset names."""
    if args.photos and (args.data or not preset.generated):
        raise ValueError(
            "--photos is for presets with generated scenes; otherwise it is part of --data: "
            "generated=photos=%s" % args.photos
        )
    if args.photos and "," in args.photos:
        raise ValueError(
            "--photos %s has a comma in its name, which separates values of generated scenes; "
            "rename the folder, or make a link to it" % args.photos
        )
    if args.data:
        return [parse_source(text) for text in args.data]
    places = {"generated": preset.generated}
    if args.photos:
        places["generated"] = "%s,photos=%s" % (preset.generated, args.photos)
    return [
        make_source(name, places.get(name) or dataset or DATASET, weight)
        for name, weight in preset.data.items()
    ]


def option_values(args: Namespace, preset: Preset | None) -> dict[str, Any]:
    """Returns values of TrainingOptions by preset and options, but steps and validate_every."""
    base = dict(preset.training) if preset else {}
    values = dict(base)
    if args.loss:
        values["loss"] = args.loss
        values.pop("optimizer", None)  # the preset's is that of its own loss
    values.update(given_options(args))
    if base.get("schedule") == "cosine" and not args.schedule:
        values["schedule"] = "cosine"  # whose highest rate --learning-rate is
    crop = args.crop or values.get("crop", TrainingOptions.crop)
    values["crop"] = args.crop_height or crop[0], args.crop_width or crop[1]
    values["augment"] = _augmentation(args, values.get("augment", {}))
    return values


def _augmentation(args: Namespace, base: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values of AugmentOptions, or None. base: the preset's; None where it has no augmentation."""
    given = {name: getattr(args, name) for name in AUGMENTATIONS}
    parts: dict[str, Any] = {
        name: {} if value else None for name, value in given.items() if value is not None
    }
    wanted = [name for name, value in given.items() if value]
    if args.augment is False and wanted:
        raise ValueError("--%s True does not go with --augment False; leave one out" % wanted[0])
    if args.augment is False or not (args.augment or wanted or base is not None):
        return None
    return dict(base or {}, **parts)


def make_job(
    args: Namespace,
    preset: Preset | None,
    values: Mapping[str, Any],
    places: Places,
    worker_count: int,
) -> Job:
    """Returns the job of the options for one of so many workers.

    Args:
        args: Parsed options of `pwcnet train`.
        preset: Its preset, if any.
        values: Of `option_values`.
        places: Of the run.
        worker_count: Processes that train together.

    Raises:
        ValueError, FileNotFoundError: Data, weights or options do not fit.
    """
    from pwcnet.data.input_pipeline import TrainingData

    preset = preset or NO_PRESET
    masked = preset.masked if args.masked is None else args.masked
    sources = _sources(args, preset, places.dataset)
    parts = [source.samples(args.mode) for source in sources]
    validation = _validation(args, sources, parts, masked)
    steps, notes = _steps(args, preset, values, worker_count)
    save_every = values.get("save_every", TrainingOptions.save_every)
    every = validation_steps(args.validate_every, save_every, validation)
    options = training_options(dict(values, steps=steps, validate_every=every))
    config = choose_config(places, args.variant, preset.variant, options.grow)
    data = functools.partial(
        TrainingData,
        crop=options.crop,
        augment_options=options.augment,
        seed=options.seed,
        masked=masked,
        skip_bad=args.skip_bad,
    )
    for samples in parts:
        data(samples).load(0)  # a crop that does not fit is found before anything is written
    mixture = Mix([(part, source.weight) for part, source in zip(parts, sources)], options.seed)
    metadata = {
        "preset": args.preset,
        "data": [source.record() for source in sources],
        "mode": args.mode,
        "masked": masked,
    }
    notes = _shares(sources, parts, mixture) + notes
    return Job(data(mixture), config, options, validation, tuple(notes), metadata)


def _shares(sources: Sequence[Source], parts: Sequence[Any], mixture: Mix) -> list[str]:
    """A line for each data set: its pairs, and its share of those drawn."""
    return [
        "%s: %d pairs, %.1f %% of those drawn" % (source, len(part), 100.0 * share)
        for source, part, share in zip(sources, parts, mixture.shares)
    ]


def _steps(
    args: Namespace, preset: Preset, values: Mapping[str, Any], worker_count: int
) -> tuple[int, list[str]]:
    """Steps of the run, and a note where they are not the preset's."""
    if args.steps:
        return args.steps, []
    recipe = training_options(preset.training)
    batch_size = values.get("batch_size", TrainingOptions.batch_size) * worker_count
    steps = max(1, recipe.steps * recipe.batch_size // batch_size)
    if steps == recipe.steps:
        return steps, []
    note = "the preset's %d steps of batch size %d are %d of batch size %d"
    return steps, [note % (recipe.steps, recipe.batch_size, steps, batch_size)]


def _validation(
    args: Namespace, sources: Sequence[Source], parts: Sequence[Any], masked: bool
) -> Validation | None:
    """Validation on --validate-data, or on what --mode sets aside; None for none.

    Raises ValueError where pairs would both train and validate.
    """
    from pwcnet.training.validation import Validation

    if args.validate_every == 0 or not (args.validate_data or args.mode == "train_with_val"):
        return None
    mode = "val"
    if args.validate_data:
        sources, mode = [parse_source(text) for text in args.validate_data], args.validate_mode
    samples = [
        replace(cast(Any, sample), id="%s/%s" % (label, sample.id))
        for label, source in zip(_labels(sources), sources)
        for sample in source.samples(mode)
    ]
    both = shared_pairs(parts, samples)
    if both:
        raise ValueError(
            "%d of the pairs to validate on train too, for example %s; pass --mode train_with_val"
            % (len(both), both[0].id)
        )
    return Validation(samples, masked=masked)


def _labels(sources: Sequence[Source]) -> list[str]:
    """The sources' names, numbered from the second of a name on: "chairs", "chairs-2"."""
    names = [source.name for source in sources]
    return [
        name if index == names.index(name) else "%s-%d" % (name, names[: index + 1].count(name))
        for index, name in enumerate(names)
    ]
