"""An HTTP endpoint that takes a picture and returns its verdict as JSON.

    pip install fastapi uvicorn
    uvicorn --app-dir examples endpoint:app
    curl --data-binary @portrait.jpg -H 'Content-Type: image/jpeg' localhost:8000/predict

Limit the size of requests in a proxy in front of it.
"""

from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException

from fakeface import Detector, ImageError

app, detector = FastAPI(), Detector()


@app.post("/predict")
def predict(picture: Annotated[bytes, Body(media_type="image/*")]) -> dict[str, Any]:
    """Judge the picture in the body; FastAPI runs this in threads, which a detector allows."""
    try:
        return detector.predict(picture).as_dict()
    except ImageError as error:
        raise HTTPException(415, error.reason) from error
