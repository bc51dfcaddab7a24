interface Local {
  readonly id: string
  readonly depth: number
}

interface FunctionFrame {
  readonly temporaries: string[]
  readonly takesRest: boolean
}

/** Resolves Lua names to local variables with unique JavaScript names. */
export class Scope {
  readonly #blocks: Map<string, Local>[] = []
  readonly #functions: FunctionFrame[] = []
  #count = 0

  within<T>(compile: () => T): T {
    this.#blocks.push(new Map())
    try {
      return compile()
    } finally {
      this.#blocks.pop()
    }
  }

  inFunction(
    takesRest: boolean,
    compile: () => string,
  ): { readonly body: string; readonly temporaries: readonly string[] } {
    const frame: FunctionFrame = { temporaries: [], takesRest }
    this.#functions.push(frame)
    try {
      return { body: this.within(compile), temporaries: frame.temporaries }
    } finally {
      this.#functions.pop()
    }
  }

  declare(name: string): string {
    this.#count++
    const id = `${name}$${this.#count}`
    this.#blocks.at(-1)?.set(name, { id, depth: this.#functions.length })
    return id
  }

  find(name: string): { readonly id: string; readonly kind: 'local' | 'upvalue' } | undefined {
    const local = this.#blocks.findLast((block) => block.has(name))?.get(name)
    return local && { id: local.id, kind: local.depth === this.#functions.length ? 'local' : 'upvalue' }
  }

  get takesRest(): boolean {
    return this.#functions.at(-1)?.takesRest ?? false
  }

  /** Returns a new temporary variable of the current function. */
  temporary(): string {
    const id = this.name()
    this.#functions.at(-1)?.temporaries.push(id)
    return id
  }

  name(): string {
    this.#count++
    return `$${this.#count}`
  }
}
