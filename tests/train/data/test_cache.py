import os

import pytest

import train.data._cache
from tests.train.conftest import picture
from train.data._cache import AppendOnlyCache, digests


def test_a_journal_loses_the_line_that_was_torn_and_no_other(tmp_path):
    path = tmp_path / "log.jsonl"
    AppendOnlyCache(path).add([("a", 1), ("b", [2]), ("c \udcff", None)])
    path.write_bytes(path.read_bytes()[:-4])  # as a kill in the middle of a write leaves it
    journal = AppendOnlyCache(path)
    assert journal.records == {"a": 1, "b": [2]}
    journal.add([("d", 4)])
    assert AppendOnlyCache(path).records == {"a": 1, "b": [2], "d": 4}


def test_what_was_done_before_an_interruption_is_kept(tmp_path):
    def interrupted():
        yield "a", 1
        raise KeyboardInterrupt

    journal = AppendOnlyCache(tmp_path / "log.jsonl")
    with pytest.raises(KeyboardInterrupt):
        journal.add(interrupted())
    assert AppendOnlyCache(journal.path).records == {"a": 1}


def test_files_are_read_once_per_version(tmp_path, cache, monkeypatch):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        picture(number, noisy=True).save(path)
    before = digests(paths, cache)
    read = []
    real = train.data._cache._digest
    monkeypatch.setattr(
        train.data._cache, "_digest", lambda item: read.append(item[0]) or real(item)
    )
    picture(9, noisy=True).save(paths[1])
    os.utime(paths[1], (1, 1))
    after = digests(paths, cache)
    assert read == [paths[1]]
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] != before[1]
