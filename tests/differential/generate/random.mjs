// A small generator of random numbers with a seed, so that every case can be made again (PCG-XSH-RR 32, O'Neill 2014).

const MULTIPLIER = 6364136223846793005n;
const MASK = (1n << 64n) - 1n;

export class Random {
  #state;

  constructor(seed, stream) {
    this.#state = (BigInt(seed) * 0x9e3779b97f4a7c15n + BigInt(stream) * 0xd1342543de82ef95n + 1n) & MASK;
    // Seeds that lie next to each other start far apart.
    for (let round = 0; round < 4; round++) this.#next();
    [this.a, this.b, this.c, this.d] = [this.#next(), this.#next(), this.#next(), this.#next() | 1];
  }

  #next() {
    const old = this.#state;
    this.#state = (old * MULTIPLIER + 1442695040888963407n) & MASK;
    const shifted = Number((((old >> 18n) ^ old) >> 27n) & 0xffffffffn);
    const turn = Number(old >> 59n);
    return ((shifted >>> turn) | (shifted << (-turn & 31))) >>> 0;
  }

  /** 0 to 2^32-1, by sfc32 from the state that the seed gave: BigInt would be most of a case's cost. */
  word() {
    const sum = (this.a + this.b + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 to `count - 1`. */
  below(count) {
    return Math.floor((this.word() / 2 ** 32) * count);
  }

  /** True in `percent` of a hundred. */
  chance(percent) {
    return this.below(100) < percent;
  }

  /** `least` to `most`. */
  between(least, most) {
    return least + this.below(most - least + 1);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** `least` to `most` values that `make` gives. */
  list(least, most, make) {
    return Array.from({ length: this.between(least, most) }, make);
  }

  /** `least` to `most` different values of a list. */
  some(list, least, most) {
    const rest = [...list];
    return this.list(Math.min(least, rest.length), Math.min(most, rest.length), () =>
      rest.splice(this.below(rest.length), 1)[0],
    );
  }
}
