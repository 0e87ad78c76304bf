#!/usr/bin/env python
"""The boot file of a ModelArts job: brings data and weights here, runs one of this project's jobs on local folders, takes the results away.

    python scripts/modelarts_boot.py --job v1 --data_url obs://BUCKET/sintel/ --train_url obs://BUCKET/v1/ --pretrained obs://BUCKET/pwcnet.ckpt-595000

ModelArts starts it once for each card; the leader (RANK_ID 0) copies results, and between the steps of v2 the others wait for its last checkpoint.
Each checkpoint is copied as it is made, logs at the end; a job that starts again goes on from what is at --train_url.
Other arguments go to the job's own command line. URLs without obs:// are folders.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(
    0, os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)  # runs from any directory, without installation

import argparse  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402

from pwcnet.cli.arguments import ArgumentParser  # noqa: E402
from pwcnet.cli.common import load_tensorflow, run  # noqa: E402
from pwcnet.training.choices import RECIPE_BATCH, V2_START, scale_steps  # noqa: E402

EVALUATE = "scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py"
FREEZE = "offline_infer/convert_ckpt2pb.py"
STEPS = {
    "v1": [""],
    "v2": ["step1", "step1-step2"],
}  # folders of checkpoints, as train_v1.sh and train_v2.sh write them
POLL = 1.0  # seconds between looks for a new checkpoint


def main(argv, prog=None):
    options = parser()
    args, further = options.parse_known_args(argv)
    if args.job in ("evaluate", "freeze") and not args.pretrained:
        options.error("--job %s needs --pretrained" % args.job)
    if args.job != "freeze" and not args.data_url:
        options.error("--job %s needs --data_url" % args.job)
    load_tensorflow()
    from pwcnet.ascend.modelarts import Results, fetch_data, fetch_weights

    rank = os.environ.get("RANK_ID") or "0"
    if rank != "0" and args.job not in STEPS:
        return 0  # one card is enough
    output = os.path.join(args.cache, "result", args.job)
    results = [
        Results(
            os.path.join(args.train_url, step).rstrip("/"), os.path.join(output, step).rstrip("/")
        )
        for step in STEPS.get(args.job, [""])
    ]
    data = fetch_data(args.data_url, os.path.join(args.cache, "data")) if args.data_url else None
    weights = fetch_weights(args.pretrained, os.path.join(args.cache, "pretrained"))
    job = command(args, data, weights, results[0].folder) + further
    os.makedirs(output, exist_ok=True)
    if args.job in STEPS:
        for each in results:
            each.bring_back(
                also=[] if args.job == "v1" else ["pwcnet.ckpt-%d" % first_of_step_2(further)]
            )
        os.environ["PWCNET_STEP1_URL"] = results[
            0
        ].url  # where train_v2.sh looks for the leader's last checkpoint of step 1
        results = results if rank == "0" else []
        for each in results:
            each.reopen()
        code = train(job, results)
    else:
        code = once(job, os.path.join(output, args.job + ".log"))
    for each in results:
        each.finish()
    return 128 - code if code < 0 else code


def command(args, data, weights, folder):
    """The job's command line."""
    if args.job in STEPS:
        chosen = ["--pretrained", weights] if weights else []
        return [
            "sh",
            os.path.join("train_%s.sh" % args.job),
            "--dataset",
            data,
            "--save_path",
            folder,
            "--resume",
        ] + chosen
    if args.job == "evaluate":
        return [
            sys.executable,
            os.path.join(EVALUATE),
            "--dataset",
            data,
            "--ckpt",
            weights,
            "--output",
            folder,
        ]
    return [
        sys.executable,
        os.path.join(FREEZE),
        "--ckpt",
        weights,
        "--output",
        os.path.join(folder, "pwcnet.pb"),
    ]


def train(job, results):
    """Runs it, copying checkpoints as they are made. Returns its exit code."""
    process = start(job)
    while True:
        try:
            return process.wait(POLL)
        except subprocess.TimeoutExpired:
            for each in results:
                each.save()


def once(job, path):
    """Runs it; what it prints is kept in a file too. Returns its exit code."""
    process = start(job, stdout=subprocess.PIPE)
    with open(path, "wb") as log:
        for line in process.stdout:
            log.write(line)
            sys.stdout.write(line.decode(errors="replace"))
    return process.wait()


def start(job, **options):
    """The job as a child that a stop is passed on to: training saves then."""
    process = subprocess.Popen(job, env=dict(os.environ, PYTHON=sys.executable), **options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.poll() is None and process.terminate())
    return process


def first_of_step_2(further):
    """The checkpoint of step 1 that step 2 starts from, as train_v2.sh has it."""
    options = ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--batch_size", default="4")
    batch = options.parse_known_args(further)[0].batch_size
    ranks = os.environ.get("RANK_SIZE", "")
    batch, ranks = (
        int(text) if text.isdigit() and int(text) else default
        for text, default in ((batch, RECIPE_BATCH), (ranks, 1))
    )
    return scale_steps(V2_START, batch * ranks)


def parser():
    options = ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    options.add_argument(
        "--job",
        choices=("v1", "v2", "evaluate", "freeze"),
        default="v1",
        help="v1 (the default) and v2 train",
    )
    options.add_argument(
        "--data_url", help="obs:// URL or folder that holds MPI-Sintel-complete; not for freeze"
    )
    options.add_argument(
        "--train_url",
        required=True,
        help="obs:// URL or folder for results, and for going on from them",
    )
    options.add_argument(
        "--pretrained",
        metavar="CHECKPOINT",
        help="weights to start from, to evaluate or to freeze: obs://.../pwcnet.ckpt-<step>, or a path",
    )
    options.add_argument(
        "--cache",
        default="/cache",
        metavar="DIR",
        help="where DIR/data, DIR/pretrained and DIR/result are; default /cache",
    )
    return options


if __name__ == "__main__":
    run(main)
