import { isUtf8 } from "node:buffer";
import { createGunzip } from "node:zlib";
import { SqlError } from "../errors";
import type { SourceFile } from "./files";
import type { CopyStatement } from "./options";
import { zstdDecompress } from "./zstd";

/** Part of a file's text. */
export interface Piece {
  readonly text: string;
  /** False where bytes that are no UTF-8 have become U+FFFD. */
  readonly valid: boolean;
  /** Bytes of the file, decompressed, that the piece is made of. */
  readonly bytes: number;
  readonly final: boolean;
}

/** Bytes of a piece: enough to lose no time between pieces, little beside everything else in memory. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** A file's text, decompressed, in pieces that end at line ends, so that a large file is never whole in memory as text. */
export async function* pieces(file: SourceFile, copy: CopyStatement): AsyncGenerator<Piece> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of decompressed(file, copy)) {
    const end = size + chunk.length >= PIECE_BYTES ? chunk.lastIndexOf(0x0a) + 1 : 0;
    if (end === 0) {
      held.push(chunk);
      size += chunk.length;
      continue;
    }
    yield piece([...held, chunk.subarray(0, end)], false);
    held = [chunk.subarray(end)];
    size = chunk.length - end;
  }
  yield piece(held, true);
}

function piece(parts: readonly Buffer[], final: boolean): Piece {
  const content = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  return { text: content.toString("utf8"), valid: isUtf8(content), bytes: content.length, final };
}

async function* decompressed({ url, content }: SourceFile, copy: CopyStatement): AsyncGenerator<Buffer> {
  if (copy.zstd) {
    yield unpacked(url, content);
    return;
  }
  if (!copy.gzip) {
    for (let at = 0; at < content.length; at += PIECE_BYTES) yield content.subarray(at, at + PIECE_BYTES);
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  gunzip.end(content);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    throw new SqlError(`${url} cannot be read as GZIP: ${(error as Error).message}`, "58030");
  }
}

function unpacked(url: string, content: Buffer): Buffer {
  try {
    return zstdDecompress(content);
  } catch (error) {
    throw new SqlError(`${url} cannot be read as ZSTD: ${(error as Error).message}`, "58030");
  }
}
