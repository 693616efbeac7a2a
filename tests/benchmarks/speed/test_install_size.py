import pytest

from benchmarks.speed._install_size import install_size


def test_a_package_counts_with_what_it_needs_and_without_extras():
    sizes = install_size(["fakeface"])
    assert {"fakeface", "numpy", "onnxruntime", "pillow", "typer"} <= set(sizes)
    assert not {"scikit-learn", "matplotlib", "tensorflow"} & set(sizes)
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)
    assert sizes["numpy"] > 10
    assert sizes["fakeface"] > 5  # the bundled models are in it, also where it is editable


def test_two_packages_share_what_both_need():
    sizes = install_size(["fakeface", "scikit-learn"])
    assert sum(sizes.values()) > sum(install_size(["fakeface"]).values())
    assert sizes["numpy"] == pytest.approx(install_size(["numpy"])["numpy"])


def test_one_that_is_not_installed_has_no_size():
    assert install_size(["fakeface", "no-such-package"]) is None
