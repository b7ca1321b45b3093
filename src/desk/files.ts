/** Files on their way to the other side: as attachments, or by name with the reason why they do not come along. Pure. */
import { join } from "node:path";
import type { FileRef, Message } from "../message.ts";
import type { OutgoingFile, Post } from "../platform.ts";

/** Kinds that a platform may show; anything else is only handed on. */
const shown = /^(image\/(png|jpeg|gif|webp)|audio\/[\w.+-]+|video\/[\w.+-]+|text\/plain|application\/pdf)$/;

/** @param folder where the copies lie */
export function postOf(
  message: Pick<Message, "text" | "files">,
  folder: string,
): Pick<Post, "text" | "files"> {
  const files = message.files.flatMap((file) => (file.copy ? [outgoing(file, file.copy, folder)] : []));
  const missing = message.files.flatMap((file) =>
    file.copy ? [] : [`(file: ${file.name}${file.fault ? `, not copied: ${file.fault}` : ""})`],
  );
  const text = [message.text, ...missing].filter(Boolean).join("\n\n");
  const names = files.map((file) => `(file: ${file.name})`).join("\n");
  return { text: text || names, ...(files.length > 0 ? { files } : {}) };
}

function outgoing(file: FileRef, copy: string, folder: string): OutgoingFile {
  return {
    name: file.name,
    mediaType: shown.test(file.mediaType) ? file.mediaType : "application/octet-stream",
    bytes: file.bytes,
    path: join(folder, copy),
  };
}
