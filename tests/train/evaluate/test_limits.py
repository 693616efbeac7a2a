from train.evaluate._limits import limits


def row(train, unseen=0):
    return {"train": train, "val": 5, "test": 10, "unseen": unseen}


def metrics(real, pictures, accuracy=0.9):
    return {"val": {"Real": real}, "test": {"pictures": pictures, "accuracy": accuracy}}


def test_two_folders_of_fifty_pictures_are_told_what_they_cannot_give():
    lines = limits({"AI/AI": row(35), "Real/Real": row(35)}, metrics(5, 20))
    text = " ".join(lines)
    assert len(lines) == 4
    assert "1 % (300 photographs) and 5 % (60 photographs): val has 5 photographs" in text
    assert "rests on 20 test pictures: each counts 5.0 points" in text
    assert "from 70% to 97%" in text
    assert "one source only of a class (AI/AI and Real/Real)" in text
    assert "put whole sources into unseen" in text


def test_a_large_varied_folder_has_no_such_limits():
    counts = {f"{label}/{n}": row(500) for label in ("AI", "Real") for n in range(4)}
    counts["AI/new"] = row(0, unseen=50)
    assert limits(counts, metrics(600, 2000)) == []
    counts["AI/new"] = row(40)
    (line,) = limits(counts, metrics(299, 2000))[:1]
    assert "of 1 % (300 photographs): val has 299" in line


def test_a_source_that_nothing_is_trained_on_does_not_count():
    counts = {"AI/a": row(10), "AI/b": row(0), "Real/c": row(10), "Real/d": row(10)}
    assert "(AI/a)" in " ".join(limits(counts, metrics(600, 2000)))
