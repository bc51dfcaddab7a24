import { NotSupported } from '../sql/error.ts'

/** Reads the fields of one node of a PL/pgSQL tree, and refuses a node with unread fields. */
export class Reading {
  readonly kind: string
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #read = new Set<string>()

  constructor(node: unknown, kind?: string) {
    const [entry] = Object.entries((node ?? {}) as object)
    if (entry === undefined || (kind !== undefined && entry[0] !== kind))
      throw new NotSupported(`${entry?.[0] ?? 'an empty node'} in PL/pgSQL`)
    this.kind = entry[0]
    this.#fields = entry[1] as Readonly<Record<string, unknown>>
  }

  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name)
  }

  optional(name: string): unknown {
    this.#read.add(name)
    return this.#fields[name]
  }

  part(name: string): unknown {
    const found = this.optional(name)
    if (found === undefined) throw new NotSupported(`${this.kind} without ${name}`)
    return found
  }

  list(name: string): readonly unknown[] {
    const found = this.optional(name)
    return Array.isArray(found) ? found : []
  }

  maybe(name: string): string | undefined {
    const found = this.optional(name)
    return typeof found === 'string' ? found : undefined
  }

  text(name: string): string {
    return this.maybe(name) ?? ''
  }

  /** The parser omits a field whose value is zero. */
  number(name: string): number {
    const found = this.optional(name)
    return typeof found === 'number' ? found : 0
  }

  flag(name: string): boolean {
    return this.optional(name) === true
  }

  end(): void {
    for (const name of Object.keys(this.#fields))
      if (!this.#read.has(name)) throw new NotSupported(`${this.kind}.${name} in PL/pgSQL`)
  }
}
