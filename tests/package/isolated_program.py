"""Runs scripts one after another in one process in which only some packages can be imported.

    python isolated_program.py JOB.json

JOB.json holds "root", the project's folder; "hidden", the names of modules that nobody can import;
"allowed", the names of installed modules that the project's own files can import; and "commands",
a list of [script, argument, ...]. The first command that does not end with 0 ends the process with
its exit code.
"""

import json
import os
import runpy
import sys
from importlib.machinery import PathFinder

with open(sys.argv[1]) as stream:
    JOB = json.load(stream)


def importing_file():
    """The path of the file whose import statement is being carried out."""
    frame = sys._getframe(2)
    while "importlib" in frame.f_code.co_filename or frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return os.path.abspath(frame.f_code.co_filename)


class IsolatedFinder(PathFinder):
    """Finds modules on sys.path as usual; hidden ones are as good as not installed."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        top = fullname.partition(".")[0]
        if top in JOB["hidden"]:
            return None
        spec = super().find_spec(fullname, path, target)
        installed = spec is not None and "site-packages" in str(spec.origin)
        if installed and top not in JOB["allowed"]:
            ours = importing_file().startswith(os.path.join(JOB["root"], ""))
            if ours and "site-packages" not in importing_file():
                return None
        return spec


sys.meta_path[sys.meta_path.index(PathFinder)] = IsolatedFinder

for command in JOB["commands"]:
    print("== " + " ".join(command), file=sys.stderr, flush=True)
    sys.argv = list(command)
    try:
        runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        if end.code:
            sys.exit(end.code)
