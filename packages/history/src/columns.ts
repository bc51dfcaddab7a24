import type { Operations } from './history.ts'
import { type Allocate, inHeap } from './memory.ts'

type Column = Int32Array | Uint8Array | Float64Array

/** `Operations` while it is being filled: columns that have room for `capacity` rows and double when it is used up. */
export class Columns {
  length = 0
  capacity: number
  process: Int32Array
  f: Uint8Array
  key: Int32Array
  input: Int32Array
  output: Int32Array
  outcome: Uint8Array
  callEvent: Int32Array
  returnEvent: Int32Array
  callTime: Float64Array
  returnTime: Float64Array
  node: Int32Array
  flags: Uint8Array
  callLine: Int32Array
  returnLine: Int32Array
  /** Number of the error's text; 0 for none. */
  error: Int32Array

  readonly #allocate: Allocate

  /** Room that is never used costs address space only, so a generous guess at the number of operations is cheap. */
  constructor(capacity: number, allocate: Allocate = inHeap) {
    this.capacity = capacity
    this.#allocate = allocate
    this.process = new Int32Array(allocate(4 * capacity))
    this.f = new Uint8Array(allocate(capacity))
    this.key = new Int32Array(allocate(4 * capacity))
    this.input = new Int32Array(allocate(4 * capacity))
    this.output = new Int32Array(allocate(4 * capacity))
    this.outcome = new Uint8Array(allocate(capacity))
    this.callEvent = new Int32Array(allocate(4 * capacity))
    this.returnEvent = new Int32Array(allocate(4 * capacity))
    this.callTime = new Float64Array(allocate(8 * capacity))
    this.returnTime = new Float64Array(allocate(8 * capacity))
    this.node = new Int32Array(allocate(4 * capacity))
    this.flags = new Uint8Array(allocate(capacity))
    this.callLine = new Int32Array(allocate(4 * capacity))
    this.returnLine = new Int32Array(allocate(4 * capacity))
    this.error = new Int32Array(allocate(4 * capacity))
  }

  grow(): void {
    this.capacity *= 2
    const size = this.capacity
    const allocate = this.#allocate
    this.process = copied(this.process, new Int32Array(allocate(4 * size)))
    this.f = copied(this.f, new Uint8Array(allocate(size)))
    this.key = copied(this.key, new Int32Array(allocate(4 * size)))
    this.input = copied(this.input, new Int32Array(allocate(4 * size)))
    this.output = copied(this.output, new Int32Array(allocate(4 * size)))
    this.outcome = copied(this.outcome, new Uint8Array(allocate(size)))
    this.callEvent = copied(this.callEvent, new Int32Array(allocate(4 * size)))
    this.returnEvent = copied(this.returnEvent, new Int32Array(allocate(4 * size)))
    this.callTime = copied(this.callTime, new Float64Array(allocate(8 * size)))
    this.returnTime = copied(this.returnTime, new Float64Array(allocate(8 * size)))
    this.node = copied(this.node, new Int32Array(allocate(4 * size)))
    this.flags = copied(this.flags, new Uint8Array(allocate(size)))
    this.callLine = copied(this.callLine, new Int32Array(allocate(4 * size)))
    this.returnLine = copied(this.returnLine, new Int32Array(allocate(4 * size)))
    this.error = copied(this.error, new Int32Array(allocate(4 * size)))
  }

  /** Views of the rows that are used; nothing is copied. */
  operations(): Operations {
    const end = this.length
    return {
      length: end,
      process: this.process.subarray(0, end),
      f: this.f.subarray(0, end),
      key: this.key.subarray(0, end),
      input: this.input.subarray(0, end),
      output: this.output.subarray(0, end),
      outcome: this.outcome.subarray(0, end),
      callEvent: this.callEvent.subarray(0, end),
      returnEvent: this.returnEvent.subarray(0, end),
      callTime: this.callTime.subarray(0, end),
      returnTime: this.returnTime.subarray(0, end),
      node: this.node.subarray(0, end),
      flags: this.flags.subarray(0, end),
      callLine: this.callLine.subarray(0, end),
      returnLine: this.returnLine.subarray(0, end),
    }
  }
}

function copied<T extends Column>(from: T, to: T): T {
  to.set(from)
  return to
}
