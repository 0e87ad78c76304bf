"""Options of run folders from version 0.1."""

import os
import shutil
from dataclasses import asdict

from pwcnet.training.run_folder import RunFolder
from tests.helpers.commands import ROOT

FOLDER = os.path.join(ROOT, "tests", "cli", "options_0_1")


def differences_from(name, job, path):
    """What is reported where a job resumes the run with the options tests/cli/options_0_1/NAME.

    path: a folder for the run, which does not exist yet.
    """
    os.makedirs(str(path))
    shutil.copy(os.path.join(FOLDER, name), os.path.join(str(path), "options.json"))
    options = dict(job.metadata, model=asdict(job.config), training=asdict(job.options), workers=1)
    with RunFolder(str(path)) as folder:
        return folder.differences(options)
