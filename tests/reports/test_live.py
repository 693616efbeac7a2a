"""The page that pictures are dropped on, with a judge that is no server; and how it is joined."""

from __future__ import annotations

import json
import re

import pytest

from fakeface.reports import live_page
from fakeface.reports._html._bundle import SCRIPTS, bundle
from tests._pages import needs_chromium

JUDGE = """
import { failure } from "./judge.js";
import { start } from "./live.js";

const info = INFO;
start({
  info: async () => info,
  emptyReport: async () => "",
  async predict(file, { name }) {
    if (name.startsWith("bad")) return failure(name, "<b>no picture</b>", info);
    const both = { verdict: "fake", faces: [], size: [9, 8], digest: null, error: null };
    const shown = { name, p: 0.9, thumb: null, gone: null, said: null };
    return { prediction: { source: name, p_fake: 0.9, ...both }, record: { ...both, ...shown } };
  },
});
"""


@needs_chromium
def test_any_judge_may_stand_behind_the_page(opened, tmp_path):
    about = {"date": "today", "model": "m 1", "thresholds": {"real": 0.2, "fake": 0.7}, "fpr": None}
    about |= {"rates": None, "facts": [], "details": [], "compared": None}
    info = {"about": about, "workers": 2, "max_picture": 1 << 20, "model": "m", "settings": ""}
    entry = tmp_path / "judge-of-its-own.js"
    entry.write_text(JUDGE.replace("INFO", json.dumps(info)))
    html, _ = live_page(entry, where="nobody", policy={}, head="<meta name=x content='{{policy}}'>")
    (tmp_path / "page.html").write_text(html)
    page = opened(tmp_path / "page.html")
    files = {"a.png": b"1", "bad.png": b"2", "large.png": bytes((1 << 20) + 1)}
    page.set_input_files(
        "#files",
        [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files.items()],
    )
    page.locator("#said").get_by_text("done.").wait_for(state="attached")
    assert page.locator(".card").count() == 1
    errors = page.locator("#unreadable-body").inner_text()
    assert "<b>no picture</b>" in errors
    assert "is larger than the 1 MiB allowed" in errors


@pytest.mark.parametrize("entry", ["main", "live-server"])
def test_joined_modules_share_no_name(entry):
    program = bundle(SCRIPTS / f"{entry}.js")
    names = re.findall(r"^(?:async )?(?:function\*?|class|const) (\w+)", program, re.MULTILINE)
    assert len(names) > 50
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "line",
    [
        'import * as dom from "./dom.js";',
        'import x from "y";',
        "export default 1;",
        "export { x };",
    ],
)
def test_modules_that_cannot_be_joined_are_refused(line, tmp_path):
    module = tmp_path / "odd.js"
    module.write_text(f"{line}\n")
    with pytest.raises(ValueError, match=r"odd\.js: cannot be joined"):
        bundle(module)
