/** How a message's body is delimited, as far as its header fields say. */
export interface Framing {
  /** -1 where the header is absent. */
  contentLength: number
  /** Absent, chunked as the last coding, or something else as the last coding. */
  transferCoding: 'none' | 'chunked' | 'other'
  /** There is an `Upgrade` field, and `Connection` names it. */
  upgrade: boolean
}

/** The field lines of a head, with the empty line after them. Immutable: many messages may share one. */
export class HeaderBlock implements Framing {
  /** A copy of the bytes, from the first field line up to and with the empty line. */
  readonly bytes: Buffer
  readonly contentLength: number
  readonly transferCoding: Framing['transferCoding']
  readonly upgrade: boolean
  #fields: readonly Field[] | undefined
  #values: Map<string, string> | undefined

  constructor(bytes: Buffer, framing: Framing) {
    this.bytes = bytes
    this.contentLength = framing.contentLength
    this.transferCoding = framing.transferCoding
    this.upgrade = framing.upgrade
  }

  /** In their order and case; bytes as Latin-1. */
  get fields(): readonly Field[] {
    this.#fields ??= this.bytes
      .toString('latin1')
      .split('\r\n')
      .slice(0, -2)
      .map((line) => {
        const colon = line.indexOf(':')
        return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '') }
      })
    return this.#fields
  }

  /** The values of the fields of this name (given in lower case), joined as one list; undefined where there is none. */
  get(name: string): string | undefined {
    if (this.#values === undefined) {
      this.#values = new Map()
      for (const field of this.fields) {
        const lower = field.name.toLowerCase()
        const before = this.#values.get(lower)
        this.#values.set(lower, before === undefined ? field.value : `${before}, ${field.value}`)
      }
    }
    return this.#values.get(name)
  }
}

export interface Field {
  readonly name: string
  readonly value: string
}
