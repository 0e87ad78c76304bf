"""The page of scripts/evaluate.py --report: after an evaluation, or later, of one that is complete."""

from dataclasses import asdict

from pwcnet.cli.common import progress_bar
from pwcnet.data.sample import load_sample
from pwcnet.evaluation.html.page import check_page
from pwcnet.evaluation.html.report import gallery_pairs, write_report
from pwcnet.evaluation.results import is_complete, read_evaluation

SESSION = "session"  # a setting that evaluations of earlier versions do not tell


def check_page_options(options, args):
    """Raises, before the work, what would hinder the page; ends the program where there is no folder to make it of."""
    if args.report and not args.output:
        options.error("--report needs --output DIR")
    if args.report:
        check_page(args.report)


def only_page(args):
    """Whether all that is left to do is the page: the evaluation is complete, and stays."""
    return bool(args.report) and not args.overwrite and is_complete(args.output)


def check_same_settings(folder, settings):
    """Raises ValueError where a complete evaluation was made with other settings: its worst pairs are to be predicted as they were then."""
    about, wanted = read_evaluation(folder).summary, asdict(settings)
    about, wanted = (
        dict(each, weights=(each.get("weights") or {}).get("sha256")) for each in (about, wanted)
    )
    different = [
        name
        for name in wanted
        if about.get(name) != wanted[name] and (name in about or name != SESSION)
    ]
    if different:
        raise ValueError(
            "expected the settings of the evaluation in %s, got other %s; try its command with --report, or --overwrite, which starts anew"
            % (folder, ", ".join(different))
        )


def check_same_pairs(folder, samples, root):
    """Raises ValueError where a complete evaluation is to show a pair that is not among the samples of the data in `root`."""
    here = {sample.id for sample in samples}
    gone = [pair_id for pair_id in gallery_pairs(read_evaluation(folder)) if pair_id not in here]
    if gone:
        raise ValueError(
            "expected the pairs of the evaluation in %s, got none called %s in %s; try the data that it was made with, or --overwrite, which "
            "starts anew" % (folder, gone[0], root)
        )


def make_page(args, samples, predictor):
    """Predicts the best and worst pairs again, and writes the page; returns its path."""
    evaluation, by_id = read_evaluation(args.output), {sample.id: sample for sample in samples}
    with progress_bar(total=len(gallery_pairs(evaluation)), unit="pair", desc="report") as progress:

        def predict(pair_id):
            loaded = load_sample(by_id[pair_id], args.masked)
            progress.update()
            return loaded, predictor.flow(loaded.frame1, loaded.frame2)

        return write_report(args.report, evaluation, predict)
