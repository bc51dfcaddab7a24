/** The header fields that decide how a body is delimited. */
export interface Framing {
  /** Content-Length; -1 if absent. */
  contentLength: number
  transferCoding: 'none' | 'chunked' | 'other'
  /** Whether `Connection` names an `Upgrade` field. */
  upgrade: boolean
}

/** The field lines of a head, with the empty line. Immutable, so that messages can share it. */
export class HeaderBlock implements Framing {
  /** A copy of the bytes through the empty line. */
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

  /** The fields in their original order and case, one Latin-1 character for each byte. */
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

  /** Returns the values of a lower-case name, joined as a list. */
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
