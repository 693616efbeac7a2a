"""Predictions in pydantic models and FastAPI programs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from fakeface import Detector, Prediction
from fakeface.types._schema import json_schema
from tests._models import make_classifier

pydantic = pytest.importorskip("pydantic")


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> list[Prediction]:
    detector = Detector(make_classifier(tmp_path_factory.mktemp("models") / "red"), explain=True)
    return list(detector.predict_batch([*sorted(samples.glob("*/*.*"))[:3], b"no picture"]))


def test_the_schema_has_the_keys_of_a_record(predictions: list[Prediction]) -> None:
    schema = json_schema()
    face = schema["properties"]["faces"]["items"]["properties"]
    for prediction in predictions:
        record = prediction.as_dict()
        assert list(record) == list(schema["properties"])
        assert all(list(each) == list(face) for each in record["faces"])
    assert any(prediction.faces for prediction in predictions)


def test_records_fit_the_schema(predictions: list[Prediction]) -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator(json_schema())
    for prediction in predictions:
        validator.validate(json.loads(json.dumps(prediction.as_dict())))


def test_pydantic_serializes_and_reads_records(predictions: list[Prediction]) -> None:
    adapter = pydantic.TypeAdapter(list[Prediction])
    text = adapter.dump_json(predictions)
    assert json.loads(text) == [prediction.as_dict() for prediction in predictions]
    assert [p.as_dict() for p in adapter.validate_json(text)] == json.loads(text)
    plain = [dataclasses.asdict(prediction) for prediction in predictions]
    assert [p.as_dict() for p in adapter.validate_python(plain)] == json.loads(text)
    for wrong in ("text", {"source": "a"}, {**json.loads(text)[0], "verdict": "perhaps"}, [1]):
        with pytest.raises(pydantic.ValidationError):
            adapter.validate_python([wrong])


def test_an_endpoint_returns_predictions(predictions: list[Prediction]) -> None:
    fastapi = pytest.importorskip("fastapi")
    client = pytest.importorskip("fastapi.testclient", reason="needs httpx").TestClient
    app = fastapi.FastAPI()

    def predict() -> Prediction:
        return predictions[0]

    predict.__annotations__["return"] = Prediction
    app.get("/predict")(predict)
    with client(app) as browser:
        assert browser.get("/predict").json() == predictions[0].as_dict()
        described = browser.get("/openapi.json").json()
    response = described["paths"]["/predict"]["get"]["responses"]["200"]
    schema = response["content"]["application/json"]["schema"]
    assert schema.get("title") == "Prediction" or schema["$ref"].endswith("Prediction")
