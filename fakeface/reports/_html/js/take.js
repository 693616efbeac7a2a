// Files as they are dropped, folders with all that is in them; each as `{ file, name, chosen }`, where `chosen` means by itself.

/** Names of pictures. */
const NAMES = /\.(avif|bmp|gif|heic|heif|jfif|jpe?g|mpo|png|tiff?|webp)$/i;

/** Names of what is no picture, where the browser does not know the kind. */
const OTHERS = /\.(csv|docx?|html?|jsonl?|log|md|onnx|parquet|pdf|py|toml|txt|xlsx?|xml|ya?ml|zip)$/i;

/** Whether a file may be a picture, by its name and kind; one that was chosen by itself also if neither says anything. */
export const mayBePicture = (file, name, chosen) =>
  file.type.startsWith("image/") || NAMES.test(name) || (chosen && !file.type && !OTHERS.test(name));

/** Whether what was pasted or dropped is an address. */
export const isAddress = (transfer) => /^\s*(https?|ftp|file):\/\/\S/i.test(transfer?.getData("text/uri-list") || transfer?.getData("text/plain") || "");

/** The files of what was dropped. */
export async function* dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // before the first await
  const files = entries.length ? [] : [...transfer.files];
  for (const file of files) yield { file, name: file.name, chosen: true };
  for (const entry of entries) yield* within(entry, true);
}

async function* within(entry, chosen) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) yield { file, name: entry.fullPath.replace(/^\//, ""), chosen };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const one of some.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))) yield* within(one, false);
  }
}
