import { h, saveBlob } from "./dom.js";
import { T } from "./strings.js";

export const MAX_BYTES = 10 * 1024 * 1024;
export const ACCEPT = "image/jpeg,image/png,image/webp,application/pdf";

const starts = (bytes, ...wanted) => wanted.every((byte, i) => bytes[i] === byte);

function isAccepted(b) {
  const text = String.fromCharCode(...b);
  return (
    starts(b, 0xff, 0xd8, 0xff) ||
    starts(b, 0x89, 0x50, 0x4e, 0x47) ||
    text.startsWith("%PDF-") ||
    (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP")
  );
}

/** Why a file cannot be sent, judged by its content and never by its name; null when it can. */
export async function problemWith(file) {
  if (file.size === 0) return T.fileEmpty;
  if (file.size > MAX_BYTES) return T.fileTooBig;
  return isAccepted(new Uint8Array(await file.slice(0, 12).arrayBuffer())) ? null : T.fileType;
}

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

/** A file of the conversation: images are shown, and all can be saved. Its bytes need the token, so no plain link. */
export function attachmentView(api, file, onError) {
  const fetchFile = () => api.blob(file.url);
  const save = async () => {
    try {
      saveBlob(await fetchFile(), file.file_name);
    } catch {
      onError(T.downloadError);
    }
  };
  const button = h("button", { type: "button", class: "file", onclick: save, "aria-label": T.download(file.file_name) });
  button.append(h("span", {}, file.file_name), h("small", {}, size(file.size)));
  if (!file.content_type.startsWith("image/")) return button;
  fetchFile().then(
    (blob) => {
      const image = h("img", { src: URL.createObjectURL(blob), alt: T.image(file.file_name) });
      image.addEventListener("load", () => image.dispatchEvent(new CustomEvent("grown", { bubbles: true })));
      button.prepend(image);
    },
    () => {},
  );
  return button;
}
