import type { Json } from '../event/event.ts'

/**
 * Maximum number of tracked objects. When it is exceeded, all objects are forgotten, and some overwrites go unnoticed.
 */
const MOST_OBJECTS = 100_000

interface Written {
  readonly value: Json | undefined
  readonly by: ObjectUse
  /** The number of writes to all objects, up to and including this write. */
  readonly turn: number
}

/**
 * Detects lost updates: a client reads a number from an object, then another client changes the object, and then the
 * first client writes a number to the object in a separate operation. The change of the other client may then be lost.
 * Checks of single reads and writes do not show this.
 */
export class Overwrites {
  readonly #written: Map<string, Written> = new Map()
  #turn = 0

  client(): ObjectUse {
    return new ObjectUse(this)
  }

  get turn(): number {
    return this.#turn
  }

  lastWritten(key: string): Written | undefined {
    return this.#written.get(key)
  }

  write(key: string, value: Json | undefined, by: ObjectUse): void {
    if (this.#written.size >= MOST_OBJECTS) this.#written.clear()
    this.#written.set(key, { value, by, turn: ++this.#turn })
  }
}

/** Notes what one client reads and writes. The methods must be called in the order in which the operations end. */
export class ObjectUse {
  readonly #all: Overwrites
  readonly #read: Map<string, { readonly value: number; readonly turn: number }> = new Map()

  constructor(all: Overwrites) {
    this.#all = all
  }

  read(key: string, value: Json): void {
    if (this.#read.size >= MOST_OBJECTS) this.#read.clear()
    if (typeof value === 'number') this.#read.set(key, { value, turn: this.#all.turn })
    else this.#read.delete(key)
  }

  /**
   * Notes a write, and returns whether it may have lost another client's update. `isPlain`: the write was a separate
   * operation that ignores the old value.
   */
  wrote(key: string, value: Json | undefined, isPlain: boolean): boolean {
    const isBehind = isPlain && typeof value === 'number' && this.#isBehind(key)
    this.#read.delete(key)
    this.#all.write(key, value, this)
    return isBehind
  }

  /** Whether another client has changed the object since this client read it. */
  #isBehind(key: string): boolean {
    const read = this.#read.get(key)
    const last = this.#all.lastWritten(key)
    if (read === undefined || last === undefined || last.by === this) return false
    return last.turn > read.turn && last.value !== read.value
  }
}
