import { ORDER_LIMITS, type Order } from "./orders";

const { userLetters, items, product, quantity } = ORDER_LIMITS;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** A message of the topic, as text. */
export interface OrderMessage {
  readonly key: string;
  readonly value: string;
}

/**
 * Endless orders. The same seed and clock give the same orders. 128 bits of state (xoshiro128**), because producers run beside each other and each
 * minute anew: with 32 bits two of them would soon make the same order ids, and an id counts once.
 *
 * `message` writes the JSON without making an object first, which is what makes it many times faster than a general generator; `next` gives the same order
 * as an object.
 */
export class OrderGenerator {
  private readonly state: Uint32Array;
  private moment = Number.NaN;
  private text = "";

  /**
   * @param seed any text; a random UUID where orders must differ from all others
   * @param clock milliseconds since 1970, for `ordered_at`
   */
  constructor(
    seed: string,
    private readonly clock: () => number = Date.now,
  ) {
    this.state = stateOf(seed);
  }

  /** The next order's key and value. */
  message(): OrderMessage {
    const id = this.uuid();
    const user = this.letters();
    let list = "";
    for (let left = this.between(items.min, items.max); left > 0; left--) {
      const id = this.between(product.min, product.max);
      list += `{"product_id":${id},"quantity":${this.between(quantity.min, quantity.max)}}${left > 1 ? "," : ""}`;
    }
    return {
      key: `{"order_id":"${id}"}`,
      value: `{"order_id":"${id}","ordered_at":"${this.now()}","user_id":"${user}","items":[${list}]}`,
    };
  }

  /** The next order. */
  next(): Order {
    return JSON.parse(this.message().value) as Order;
  }

  private draw(): number {
    const s = this.state;
    const s1 = s[1]!;
    const times5 = Math.imul(s1, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1] = s1 ^ s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** A whole number, both ends included. */
  private between(min: number, max: number): number {
    return min + Math.floor((this.draw() / 2 ** 32) * (max - min + 1));
  }

  /** Version 4, variant 1. */
  private uuid(): string {
    const a = this.draw();
    const b = (this.draw() & 0xffff0fff) | 0x4000;
    const c = (this.draw() & 0x3fffffff) | 0x80000000;
    return `${word(a)}-${half(b >>> 16)}-${half(b)}-${half(c >>> 16)}-${half(c)}${word(this.draw())}`;
  }

  private letters(): string {
    let text = "";
    for (let left = this.between(userLetters.min, userLetters.max); left > 0; left--)
      text += LETTERS[this.between(0, 25)];
    return text;
  }

  /** Many orders share a millisecond, and its text. */
  private now(): string {
    const moment = this.clock();
    if (moment !== this.moment) {
      this.moment = moment;
      this.text = new Date(moment).toISOString().slice(0, -1);
    }
    return this.text;
  }
}

const half = (bits: number) => HEX[(bits >>> 8) & 255]! + HEX[bits & 255]!;
const word = (bits: number) => half(bits >>> 16) + half(bits);

/** Four words of state from text, never all zero: each is a multiply-and-shift hash (murmur3's finish) of all characters. */
function stateOf(seed: string): Uint32Array {
  const state = Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x85ebca6b);
  for (let at = 0; at < seed.length; at++) {
    for (let n = 0; n < 4; n++)
      state[n] = Math.imul(state[n]! ^ (seed.charCodeAt(at) + n), 0x01000193 + 2 * n * 0x10001);
  }
  for (let n = 0; n < 4; n++) {
    let mixed = state[n]! ^ (state[(n + 1) & 3]! >>> 15);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    state[n] = mixed ^ (mixed >>> 16);
  }
  if (state.every((word) => word === 0)) state[0] = 1;
  return state;
}
