"""The HTML page of `pwcnet evaluate --report`, after an evaluation or of one that is complete."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import Any, Sequence

from pwcnet.cli.common import progress_bar
from pwcnet.evaluation.html.report import gallery_pairs, write_report
from pwcnet.evaluation.results import Settings, read_evaluation

LATER = {"session": None, "quality": "plain"}  # settings that earlier versions did not write
REMEDY = "repeat the command of that evaluation, or start from scratch with --overwrite"


def check_same_settings(folder: str, settings: Settings) -> None:
    """Raises ValueError if a complete evaluation has other settings.

    The page shows pairs that are predicted again, so they must be predicted as they were then.
    """
    summary, wanted = read_evaluation(folder).summary, asdict(settings)
    earlier = {name: wanted[name] if value is None else value for name, value in LATER.items()}
    summary = {**earlier, **summary}
    different = [name for name in wanted if _comparable(summary, name) != _comparable(wanted, name)]
    if different:
        raise ValueError("The evaluation in %s has another %s" % (folder, ", ".join(different)))


def check_same_pairs(folder: str, samples: Sequence[Any], root: str) -> None:
    """Raises ValueError if a pair that the page shows is not among the samples from `root`."""
    ids = {sample.id for sample in samples}
    for pair_id in gallery_pairs(read_evaluation(folder)):
        if pair_id not in ids:
            raise ValueError(
                "The evaluation in %s has a pair %s, which is not in %s" % (folder, pair_id, root)
            )


def write_page(args: Namespace, folder: str, samples: Sequence[Any], predictor: Any) -> str:
    """Predicts the best and worst pairs again, and writes the page; returns its path.

    Args:
        args: --report, the folder of the page, and --masked.
        folder: of a complete evaluation.
        samples: of the evaluation.
        predictor: has `flow(frame1, frame2)`; with `both_ways(pairs)` the page shows confidence.
    """
    evaluation, by_id = read_evaluation(folder), {sample.id: sample for sample in samples}
    with progress_bar(total=len(gallery_pairs(evaluation)), unit="pair", desc="report") as bar:

        def predict(pair_id: str) -> tuple[Any, ...]:
            pair = by_id[pair_id].load(args.masked)
            bar.update()
            if hasattr(predictor, "both_ways"):
                return next(predictor.both_ways([pair]))
            return pair, predictor.flow(pair.frame1, pair.frame2)

        return write_report(args.report, evaluation, predict)


def _comparable(settings: dict[str, Any], name: str) -> Any:
    """A setting; of the weights their content, which may have moved to another path."""
    value = settings.get(name)
    return (value or {}).get("sha256") if name == "weights" else value
