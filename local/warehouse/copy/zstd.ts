/**
 * Zstandard's decoder by RFC 8878, without dictionaries: Node.js has one only since 22.15. It reads whole frames in memory and does not
 * check their checksum.
 */

const MAGIC = 0xfd2fb528;
/** Frames that hold no data, by the upper 28 bits of their magic number. */
const SKIPPABLE = 0x184d2a5;

/** @throws Error that says what is wrong with the content */
export function zstdDecompress(content: Buffer): Buffer {
  const out = new Output();
  let at = 0;
  if (content.length === 0) throw new Error("it is empty");
  while (at < content.length) {
    if (content.length - at < 5) throw cut();
    const magic = content.readUInt32LE(at);
    if (magic >>> 4 === SKIPPABLE) at += 8 + content.readUInt32LE(at + 4);
    else if (magic === MAGIC) at = readFrame(content, at + 4, out);
    else throw new Error("incorrect magic number");
  }
  return out.content();
}

const cut = () => new Error("unexpected end of file");
const corrupt = () => new Error("corrupt data");

/** Bytes that grow. */
class Output {
  private bytes = Buffer.allocUnsafe(1 << 16);
  length = 0;

  content(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + more));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  append(part: Uint8Array): void {
    this.room(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  fill(byte: number, count: number): void {
    this.room(count);
    this.bytes.fill(byte, this.length, this.length + count);
    this.length += count;
  }

  /** Repeats what stands `offset` bytes back; the match may reach into itself. */
  repeat(offset: number, count: number, start: number): void {
    if (offset <= 0 || offset > this.length - start) throw corrupt();
    this.room(count);
    const { bytes } = this;
    for (let i = 0, to = this.length, from = to - offset; i < count; i++) bytes[to++] = bytes[from++]!;
    this.length += count;
  }
}

/** What blocks of a frame leave to those after them. */
interface Memory {
  huffman?: Huffman;
  literalLengths?: Fse;
  offsets?: Fse;
  matchLengths?: Fse;
  recent: [number, number, number];
}

function readFrame(content: Buffer, start: number, out: Output): number {
  const descriptor = content[start]!;
  const single = (descriptor >> 5) & 1;
  const sizeFlag = descriptor >> 6;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  let at = start + 1 + (single ? 0 : 1);
  for (let i = 0; i < dictionary; i++) if (content[at + i] !== 0) throw new Error("it needs a dictionary");
  at += dictionary + (sizeFlag ? 1 << sizeFlag : single);
  const memory: Memory = { recent: [1, 4, 8] };
  const begin = out.length;
  for (let last = false; !last; ) {
    if (at + 3 > content.length) throw cut();
    const header = content.readUIntLE(at, 3);
    at += 3;
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    const stored = type === 1 ? 1 : size;
    if (at + stored > content.length) throw cut();
    if (type === 0) out.append(content.subarray(at, at + size));
    else if (type === 1) out.fill(content[at]!, size);
    else if (type === 2) readBlock(content.subarray(at, at + size), memory, out, begin);
    else throw corrupt();
    at += stored;
  }
  if ((descriptor >> 2) & 1) at += 4;
  if (at > content.length) throw cut();
  return at;
}

function readBlock(block: Buffer, memory: Memory, out: Output, begin: number): void {
  const { literals, next } = readLiterals(block, memory);
  readSequences(block, next, literals, memory, out, begin);
}

function readLiterals(block: Buffer, memory: Memory): { literals: Uint8Array; next: number } {
  const first = block[0];
  if (first === undefined) throw corrupt();
  const type = first & 3;
  const format = (first >> 2) & 3;
  if (type < 2) {
    const bytes = format === 1 ? 2 : format === 3 ? 3 : 1;
    const size = block.readUIntLE(0, bytes) >> (bytes === 1 ? 3 : 4);
    if (type === 1) return { literals: new Uint8Array(size).fill(block[bytes]!), next: bytes + 1 };
    if (bytes + size > block.length) throw corrupt();
    return { literals: block.subarray(bytes, bytes + size), next: bytes + size };
  }
  const bytes = [3, 3, 4, 5][format]!;
  const bits = [10, 10, 14, 18][format]!;
  // Up to 40 bits: more than JavaScript's bit operators hold.
  const header = Math.floor(block.readUIntLE(0, bytes) / 16);
  const size = header % 2 ** bits;
  const compressed = Math.floor(header / 2 ** bits) % 2 ** bits;
  const end = bytes + compressed;
  if (end > block.length) throw corrupt();
  let at = bytes;
  if (type === 2) {
    const read = readHuffman(block, at);
    memory.huffman = read.huffman;
    at = read.next;
  }
  if (!memory.huffman) throw corrupt();
  const literals = new Uint8Array(size);
  if (format === 0) memory.huffman.decode(block.subarray(at, end), literals);
  else {
    const quarter = (size + 3) >> 2;
    let from = at + 6;
    for (let i = 0; i < 4; i++) {
      const to = i === 3 ? end : from + block.readUInt16LE(at + i * 2);
      memory.huffman.decode(
        block.subarray(from, to),
        literals.subarray(i * quarter, i === 3 ? size : (i + 1) * quarter),
      );
      from = to;
    }
  }
  return { literals, next: end };
}

/** Reads bits from the end of a stream to its beginning; its last byte's highest bit only marks the end. */
class BackwardBits {
  /** Bits left; below 0 zeros are read. */
  left: number;
  private readonly bytes: Buffer;

  constructor(stream: Uint8Array) {
    const last = stream.at(-1);
    if (!last) throw corrupt();
    this.left = stream.length * 8 - 8 + highBit(last);
    this.bytes = Buffer.alloc(stream.length + 8);
    this.bytes.set(stream);
  }

  /** At most 31 bits. */
  read(count: number): number {
    this.left -= count;
    return this.at(this.left, count);
  }

  peek(count: number): number {
    return this.at(this.left - count, count);
  }

  private at(from: number, count: number): number {
    if (count === 0) return 0;
    if (from < 0) return from + count <= 0 ? 0 : this.at(0, from + count) * 2 ** -from;
    if (count > 24) return this.at(from + 16, count - 16) * 65536 + this.at(from, 16);
    return (this.bytes.readUInt32LE(from >> 3) >>> (from & 7)) & ((1 << count) - 1);
  }
}

function highBit(value: number): number {
  return 31 - Math.clz32(value);
}

class Huffman {
  private readonly symbols: Uint8Array;
  private readonly lengths: Uint8Array;

  constructor(
    weights: readonly number[],
    private readonly maxBits: number,
  ) {
    this.symbols = new Uint8Array(1 << maxBits);
    this.lengths = new Uint8Array(1 << maxBits);
    let at = 0;
    for (let weight = 1; weight <= maxBits; weight++) {
      for (const [symbol, own] of weights.entries()) {
        if (own !== weight) continue;
        const end = at + (1 << (weight - 1));
        this.symbols.fill(symbol, at, end);
        this.lengths.fill(maxBits + 1 - weight, at, end);
        at = end;
      }
    }
  }

  decode(stream: Uint8Array, into: Uint8Array): void {
    const bits = new BackwardBits(stream);
    for (let i = 0; i < into.length; i++) {
      const index = bits.peek(this.maxBits);
      into[i] = this.symbols[index]!;
      bits.left -= this.lengths[index]!;
    }
    if (bits.left !== 0) throw corrupt();
  }
}

function readHuffman(block: Buffer, start: number): { huffman: Huffman; next: number } {
  const header = block[start]!;
  const weights: number[] = [];
  let next = start + 1;
  if (header >= 128) {
    const count = header - 127;
    for (let i = 0; i < count; i++) {
      const byte = block[next + (i >> 1)]!;
      weights.push(i % 2 === 0 ? byte >> 4 : byte & 15);
    }
    next += (count + 1) >> 1;
  } else {
    next += header;
    const { fse, next: from } = readFse(block, start + 1, 6);
    const bits = new BackwardBits(block.subarray(from, next));
    let [one, two] = [bits.read(fse.log), bits.read(fse.log)];
    for (;;) {
      weights.push(fse.symbols[one]!);
      one = fse.next(one, bits);
      if (bits.left < 0) {
        weights.push(fse.symbols[two]!);
        break;
      }
      [one, two] = [two, one];
      if (weights.length > 255) throw corrupt();
    }
  }
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 1 << (weight - 1) : 0), 0);
  if (sum === 0) throw corrupt();
  const maxBits = highBit(sum) + 1;
  const left = (1 << maxBits) - sum;
  if (maxBits > 11 || (left & (left - 1)) !== 0) throw corrupt();
  weights.push(highBit(left) + 1);
  return { huffman: new Huffman(weights, maxBits), next };
}

/** A table of finite state entropy: each state has a symbol and says which states may follow. */
class Fse {
  readonly symbols: Uint8Array;
  private readonly bits: Uint8Array;
  private readonly bases: Uint16Array;

  /** @param shares of 2^log each symbol has; -1 is less than one */
  constructor(
    shares: readonly number[],
    readonly log: number,
  ) {
    const size = 1 << log;
    this.symbols = new Uint8Array(size);
    this.bits = new Uint8Array(size);
    this.bases = new Uint16Array(size);
    let high = size;
    for (const [symbol, share] of shares.entries()) if (share === -1) this.symbols[--high] = symbol;
    const step = (size >> 1) + (size >> 3) + 3;
    let position = 0;
    for (const [symbol, share] of shares.entries()) {
      for (let i = 0; i < share; i++) {
        this.symbols[position] = symbol;
        do position = (position + step) & (size - 1);
        while (position >= high);
      }
    }
    const following = shares.map((share) => Math.abs(share));
    for (let state = 0; state < size; state++) {
      const symbol = this.symbols[state]!;
      const x = following[symbol]!++;
      const bits = log - highBit(x);
      this.bits[state] = bits;
      this.bases[state] = (x << bits) - size;
    }
  }

  next(state: number, bits: BackwardBits): number {
    return this.bases[state]! + bits.read(this.bits[state]!);
  }
}

/** One symbol, always. */
function constant(symbol: number): Fse {
  const shares = new Array<number>(symbol + 1).fill(0);
  shares[symbol] = 1;
  return new Fse(shares, 0);
}

function readFse(block: Buffer, start: number, maxLog: number): { fse: Fse; next: number } {
  let position = start * 8;
  const read = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, position++) {
      const byte = block[position >> 3];
      if (byte === undefined) throw corrupt();
      value |= ((byte >> (position & 7)) & 1) << i;
    }
    return value;
  };
  const log = read(4) + 5;
  if (log > maxLog) throw corrupt();
  const shares: number[] = [];
  for (let remaining = 1 << log; remaining > 0; ) {
    const bits = highBit(remaining + 1) + 1;
    let value = read(bits);
    const mask = (1 << (bits - 1)) - 1;
    const threshold = (1 << bits) - 1 - (remaining + 1);
    if ((value & mask) < threshold) {
      position--;
      value &= mask;
    } else if (value > mask) value -= threshold;
    const share = value - 1;
    remaining -= Math.abs(share);
    shares.push(share);
    if (share !== 0) continue;
    for (let zeros = 3; zeros === 3; ) {
      zeros = read(2);
      for (let i = 0; i < zeros; i++) shares.push(0);
    }
    if (shares.length > 256) throw corrupt();
  }
  return { fse: new Fse(shares, log), next: (position + 7) >> 3 };
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const zeros = (count: number) => new Array<number>(count).fill(0);

/** Codes of literal lengths and match lengths: where they begin, and how many more bits they take. */
const LITERAL_BASE = [...range(0, 16), 16, 18, 20, 22, 24, 28, 32, 40, 48, ...range(6, 11).map((bits) => 2 ** bits)];
const LITERAL_BITS = [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, ...range(6, 11)];
const MATCH_BASE = [
  ...range(3, 32),
  ...[35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99],
  ...range(7, 10).map((bits) => 2 ** bits + 3),
];
const MATCH_BITS = [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, ...range(7, 10)];

const ones = (count: number) => new Array<number>(count).fill(1);
const twos = (count: number) => new Array<number>(count).fill(2);
const rare = (count: number) => new Array<number>(count).fill(-1);
const DEFAULTS = {
  literalLengths: new Fse([4, 3, ...twos(11), 1, 1, 1, ...twos(9), 3, 2, 1, 1, 1, 1, 1, ...rare(4)], 6),
  offsets: new Fse([...ones(6), 2, 2, 2, ...ones(15), ...rare(5)], 5),
  matchLengths: new Fse([1, 4, 3, ...twos(6), ...ones(37), ...rare(7)], 6),
};
const MAX_LOG = { literalLengths: 9, offsets: 8, matchLengths: 9 };

function readSequences(
  block: Buffer,
  start: number,
  literals: Uint8Array,
  memory: Memory,
  out: Output,
  begin: number,
): void {
  let at = start;
  const first = block[at++];
  if (first === undefined) throw corrupt();
  let count = first;
  if (first === 255) {
    count = block.readUInt16LE(at) + 0x7f00;
    at += 2;
  } else if (first >= 128) count = ((first - 128) << 8) + block[at++]!;
  if (count === 0) {
    out.append(literals);
    return;
  }
  const modes = block[at++]!;
  const table = (kind: keyof typeof DEFAULTS, mode: number): Fse => {
    let fse = memory[kind];
    if (mode === 0) fse = DEFAULTS[kind];
    else if (mode === 1) fse = constant(block[at++]!);
    else if (mode === 2) {
      const read = readFse(block, at, MAX_LOG[kind]);
      fse = read.fse;
      at = read.next;
    }
    if (!fse) throw corrupt();
    memory[kind] = fse;
    return fse;
  };
  const lengths = table("literalLengths", modes >> 6);
  const offsets = table("offsets", (modes >> 4) & 3);
  const matches = table("matchLengths", (modes >> 2) & 3);
  const bits = new BackwardBits(block.subarray(at));
  let [length, offset, match] = [bits.read(lengths.log), bits.read(offsets.log), bits.read(matches.log)];
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const code = offsets.symbols[offset]!;
    const value = 2 ** code + bits.read(code);
    const matchCode = matches.symbols[match]!;
    const matched = MATCH_BASE[matchCode]! + bits.read(MATCH_BITS[matchCode]!);
    const lengthCode = lengths.symbols[length]!;
    const own = LITERAL_BASE[lengthCode]! + bits.read(LITERAL_BITS[lengthCode]!);
    if (i < count - 1) {
      length = lengths.next(length, bits);
      match = matches.next(match, bits);
      offset = offsets.next(offset, bits);
    }
    out.append(literals.subarray(taken, taken + own));
    taken += own;
    out.repeat(distance(value, own, memory.recent), matched, begin);
  }
  if (bits.left !== 0 || taken > literals.length) throw corrupt();
  out.append(literals.subarray(taken));
}

/** The distance that an offset's value stands for: one of the last three for values up to 3. */
function distance(value: number, literals: number, recent: [number, number, number]): number {
  if (value > 3) {
    recent.unshift(value - 3);
    recent.pop();
    return recent[0];
  }
  const which = value - 1 + (literals === 0 ? 1 : 0);
  const found = which === 3 ? recent[0] - 1 : recent[which]!;
  if (which > 0) {
    recent.splice(Math.min(which, 2), 1);
    recent.unshift(found);
  }
  return found;
}
