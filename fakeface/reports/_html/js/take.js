// Files as they are dropped, folders with all that is in them; each as `{ file, name, chosen }`, where `chosen` means by itself.

/** Names of pictures. */
const NAMES = /\.(avif|bmp|gif|heic|heif|jfif|jpe?g|mpo|png|tiff?|webp)$/i;

/** Whether a file looks like a picture, by its name and kind. */
export const looksLikePicture = (file, name) => file.type.startsWith("image/") || NAMES.test(name);

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
