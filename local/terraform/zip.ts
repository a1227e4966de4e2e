/**
 * A zip of one stored file, made for a data source of the `archive` provider that Terraform cannot run here. Stored, with a fixed date and a given mode: the bytes
 * follow from the name and the content alone, not from the clock, the time zone, the umask or this Node's zlib. Fifty lines in place of a
 * package, because a package's default (compressed, dated, in local time) is what must not happen.
 *
 * Layout: PKWARE's APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
 *
 * @param mode Unix permissions of the file, as `0o644`.
 */
export function zipOf(name: string, content: Buffer, mode: number): Buffer {
  const file = Buffer.from(name, "utf8");
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0); // version needed: 2.0
  common.writeUInt16LE(0x0800, 2); // name is UTF-8
  common.writeUInt16LE(0, 4); // stored
  common.writeUInt16LE(0, 6); // 00:00
  common.writeUInt16LE(0x0021, 8); // 1980-01-01, the first date there is
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(file.length, 22);
  common.writeUInt16LE(0, 24);

  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, file, content]);
  const rest = Buffer.alloc(14); // comment length, disk, internal attributes, external attributes, offset of the local header
  rest.writeUInt32LE(((0o100000 | mode) << 16) >>> 0, 6);
  const madeBy = Buffer.from([20, 3]); // 2.0, Unix: the mode counts
  const central = Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), madeBy, common, rest, file]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from("PK\x05\x06", "latin1"), end]);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(content: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of content) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
