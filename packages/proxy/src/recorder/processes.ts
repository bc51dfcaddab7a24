/** Hands out process numbers: each is one line of operations, one after the other. */
export class Processes {
  #next: number

  constructor(first = 0) {
    this.#next = first
  }

  /** The processes of one connection. Concurrent requests on it are concurrent processes. */
  lanes(): Lanes {
    return new Lanes(() => this.#next++)
  }
}

/** The processes of one connection that have no operation open, the one used longest ago last. */
export class Lanes {
  readonly #create: () => number
  readonly #idle: number[] = []

  constructor(create: () => number) {
    this.#create = create
  }

  take(): number {
    return this.#idle.pop() ?? this.#create()
  }

  /** A process that is not given back, since it ended in `info`, is retired. */
  giveBack(process: number): void {
    this.#idle.push(process)
  }
}
