"""The boot file of a ModelArts job: data and weights in, one of the project's jobs, results out.

The shell scripts of V1 and V2 and the published Python scripts run from this checkout, on local
folders.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Sequence

import pwcnet
from pwcnet.cli.arguments import ArgumentParser
from pwcnet.cli.common import start_messages
from pwcnet.training.choices import RECIPE_BATCH, V2_START, scale_steps

if TYPE_CHECKING:
    from pwcnet.ascend.remote_run import RemoteRun

DESCRIPTION = """Boot file of a ModelArts job: copies data and weights to this machine, runs a job
on local folders, and copies the results away.

ModelArts starts it once for each card. The leader (RANK_ID 0) copies results; between the steps of
v2 the others wait for its last checkpoint. Checkpoints are copied while the job runs, logs at its
end; a job that is started again continues from what is at --train_url. Further arguments are those
of the job's own command line."""
EXAMPLES = """
python scripts/modelarts_boot.py --job v1 --data_url obs://BUCKET/sintel/ --train_url obs://BUCKET/v1/ --pretrained obs://BUCKET/pwcnet.ckpt-595000
python scripts/modelarts_boot.py --job freeze --train_url obs://BUCKET/pb/ --pretrained obs://BUCKET/pwcnet.ckpt-200000
"""  # noqa: E501 (commands to copy)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(pwcnet.__file__)))
EVALUATE = "scripts/pwcnet_eval_lg-6-2-multisteps-chairsthingsmix_mpisintelclean.py"
FREEZE = "offline_infer/convert_ckpt2pb.py"
# Folders of checkpoints below the result folder, as train_v1.sh and train_v2.sh write them.
TRAINING_FOLDERS = {"v1": [""], "v2": ["step1", "step1-step2"]}
POLL = 1.0  # seconds between looks for a new checkpoint


def main(argv: Sequence[str], prog: str | None = None) -> int:
    """Runs the job; returns its exit code."""
    options = parser(prog)
    args, job_arguments = options.parse_known_args(argv)
    if args.job in ("evaluate", "freeze") and not args.pretrained:
        options.error("--job %s needs --pretrained" % args.job)
    if args.job != "freeze" and not args.data_url:
        options.error("--job %s needs --data_url" % args.job)
    rank = os.environ.get("RANK_ID") or "0"
    if rank != "0" and args.job not in TRAINING_FOLDERS:
        return 0  # one card is enough

    from pwcnet.ascend.modelarts import fetch_data, fetch_weights
    from pwcnet.ascend.remote_run import RemoteRun

    start_messages()
    output = os.path.join(args.cache, "result", args.job)
    results = [
        RemoteRun(*(os.path.join(place, folder).rstrip("/") for place in (args.train_url, output)))
        for folder in TRAINING_FOLDERS.get(args.job, [""])
    ]
    data = fetch_data(args.data_url, os.path.join(args.cache, "data")) if args.data_url else None
    weights = fetch_weights(args.pretrained, os.path.join(args.cache, "pretrained"))
    command = job_command(args.job, data, weights, results[0].folder) + job_arguments
    os.makedirs(output, exist_ok=True)
    if args.job in TRAINING_FOLDERS:
        return _training_job(args, command, job_arguments, results, leader=rank == "0")
    code = _run(command, os.path.join(output, args.job + ".log"))
    results[0].upload_everything()
    return _exit_code(code)


def parser(prog: str | None = None) -> ArgumentParser:
    """Returns the parser; arguments that it does not know are the job's."""
    options = ArgumentParser(
        prog=prog, description=DESCRIPTION, examples=EXAMPLES, published=True, allow_abbrev=False
    )
    options.add_argument(
        "--job",
        choices=("v1", "v2", "evaluate", "freeze"),
        default="v1",
        help="v1 and v2 train; evaluate measures the EPE; freeze writes a frozen graph",
    )
    options.add_argument(
        "--data_url",
        metavar="URL",
        help="obs:// URL or folder that holds MPI-Sintel-complete; not for freeze",
    )
    options.add_argument(
        "--train_url",
        required=True,
        metavar="URL",
        help="obs:// URL or folder for results, from which a job that starts again continues",
    )
    options.add_argument(
        "--pretrained",
        metavar="CHECKPOINT",
        help="weights to start from, to evaluate or to freeze: "
        "obs://.../pwcnet.ckpt-<step>, or a path",
    )
    options.add_argument(
        "--cache",
        default="/cache",
        metavar="DIR",
        help="folder for local copies: DIR/data, DIR/pretrained and DIR/result",
    )
    return options


def job_command(job: str, data: str | None, weights: str | None, folder: str) -> list[str]:
    """Returns the command line of a job on local folders."""
    if job in TRAINING_FOLDERS:
        script = ["sh", os.path.join(ROOT, "train_%s.sh" % job)]
        start = ["--pretrained", weights] if weights else []
        return script + ["--dataset", str(data), "--save_path", folder, "--resume"] + start
    if job == "evaluate":
        command = [EVALUATE, "--dataset", str(data), "--ckpt", str(weights), "--output", folder]
    else:
        command = [FREEZE, "--ckpt", str(weights), "--output", os.path.join(folder, "pwcnet.pb")]
    return [sys.executable, os.path.join(ROOT, command[0])] + command[1:]


def first_checkpoint_of_step_2(job_arguments: Sequence[str]) -> str:
    """Returns the name of the checkpoint of step 1 that step 2 starts from, as train_v2.sh does."""
    options = ArgumentParser(add_help=False, published=True, allow_abbrev=False)
    options.add_argument("--batch_size")
    batch_size = options.parse_known_args(job_arguments)[0].batch_size
    samples = _positive(batch_size, RECIPE_BATCH) * _positive(os.environ.get("RANK_SIZE"), 1)
    return "pwcnet.ckpt-%d" % scale_steps(V2_START, samples)


def _positive(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() and int(text) else default


def _training_job(
    args: Namespace,
    command: list[str],
    job_arguments: Sequence[str],
    results: list[RemoteRun],
    leader: bool,
) -> int:
    """Trains from the checkpoints at the URL on; the leader copies new ones to it."""
    also = [] if args.job == "v1" else [first_checkpoint_of_step_2(job_arguments)]
    for result in results:
        result.download(also)
    os.environ["PWCNET_STEP1_URL"] = results[0].url  # read by train_v2.sh
    if not leader:
        return _exit_code(_train(command, []))
    for result in results:
        result.mark_unfinished()
    code = _train(command, results)
    for result in results:
        result.upload_everything()
    return _exit_code(code)


def _train(command: Sequence[str], results: Sequence[RemoteRun]) -> int:
    """Runs a training command, copying checkpoints while it runs; returns its exit code."""
    process = _start(command)
    while True:
        try:
            return process.wait(POLL)
        except subprocess.TimeoutExpired:
            for result in results:
                result.upload_checkpoints()


def _run(command: Sequence[str], path: str) -> int:
    """Runs a command whose output is shown and written to a file; returns its exit code."""
    process = _start(command, stdout=subprocess.PIPE)
    with open(path, "wb") as log:
        for line in process.stdout:
            log.write(line)
            sys.stdout.write(line.decode(errors="replace"))
    return process.wait()


def _start(command: Sequence[str], **settings: Any) -> Any:
    """Starts a child that Ctrl-C and SIGTERM are passed on to as SIGTERM: training then saves."""
    process = subprocess.Popen(command, env=dict(os.environ, PYTHON=sys.executable), **settings)

    def stop(*_: Any) -> None:
        if process.poll() is None:
            process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return process


def _exit_code(code: int) -> int:
    """As shells have it: 128 + the number of the signal that ended a process."""
    return 128 - code if code < 0 else code
