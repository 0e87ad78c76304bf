"""Run folders and failures for the tests of ModelArts."""


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".").replace("_of_", "-of-")).write_text(text + "")
    return folder


def checkpoint(folder, step, text="weights"):
    folder.mkdir(parents=True, exist_ok=True)
    for ending in (".data-00000-of-00001", ".index"):
        (folder / ("pwcnet.ckpt-%d%s" % (step, ending))).write_text(text + "")
    (folder / "checkpoint").write_text('model_checkpoint_path: "pwcnet.ckpt-%d"\n' % step)
    return str(folder / ("pwcnet.ckpt-%d" % step))


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def moxing_fails(after):
    import moxing

    moxing.file.failures["after"] = after
    return moxing.file
