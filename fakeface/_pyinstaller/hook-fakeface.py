from __future__ import annotations

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

datas = collect_data_files("fakeface")
hiddenimports = collect_submodules(
    "fakeface", filter=lambda name: name != "fakeface.ray" and "_pyinstaller" not in name
)
# modules of Pillow that it loads by name itself
hiddenimports += [f"PIL.{name}ImagePlugin" for name in ("Jpeg", "Png", "Bmp", "Gif", "Tiff", "Mpo")]
hiddenimports += ["PIL.WebPImagePlugin", "PIL.AvifImagePlugin", "PIL.ImageCms"]
