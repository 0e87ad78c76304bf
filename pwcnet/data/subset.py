"""A part of a data set, chosen by scene or by id."""
import fnmatch

NAMED = 5               # how many names an error tells


def subset(samples, scenes=(), patterns=()):
    """The samples, in their order, that lie in one of the scenes and whose id matches one of the patterns; all where neither is given.

    scenes: folders of the ids: "alley_1" has "alley_1/frames_0001_0002", "A/0000" has "TEST/A/0000/left/0006". patterns: as file names in a shell, of the whole
    id: "alley_*", "*_10". Raises ValueError, which names some of what there is, for a scene that no id has and for a choice that leaves nothing.
    """
    for scene in scenes:
        if not any(_lies_in(sample, scene) for sample in samples):
            raise ValueError("expected scenes of these %d pairs, got %r; %s" % (len(samples), scene, _known_scenes(samples)))
    chosen = [sample for sample in samples
              if (not scenes or any(_lies_in(sample, scene) for scene in scenes))
              and (not patterns or any(fnmatch.fnmatchcase(sample.id, pattern) for pattern in patterns))]
    if not chosen:
        raise ValueError("expected pairs that match %s, got none of %d; their ids are %s" % (
            " or ".join(map(repr, patterns)) or "any", len(samples), _some([sample.id for sample in samples]) or "none"))
    return chosen


def _lies_in(sample, scene):
    return "/%s/" % scene.strip("/") in "/%s/" % sample.id.rpartition("/")[0]


def _known_scenes(samples):
    scenes = sorted({sample.id.rpartition("/")[0] for sample in samples} - {""})
    return "try " + _some(scenes) if scenes else "they have no scenes, try patterns of their ids: " + _some([sample.id for sample in samples])


def _some(names):
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
