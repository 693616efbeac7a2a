from fakeface._model import ModelInfo


def faces_card(near: ModelInfo, far: ModelInfo) -> str:
    return ""
