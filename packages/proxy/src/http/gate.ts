import type { Exit, Stage } from '../interceptor/interceptor.ts'

/** How many bytes may be read ahead of a waiting message. */
const MOST_WAITING_BYTES = 256 * 1024

export type Arrival = Buffer | 'end' | 'reset'

/**
 * Holds the arrivals of one direction while earlier content waits. Stops reading from the sender if too many bytes are
 * held.
 */
export class Gate {
  readonly #exit: Exit
  #waiting: Arrival[] = []
  #waitingBytes = 0
  #closed = false
  #reasonsToStop = 0

  constructor(exit: Exit) {
    this.#exit = exit
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
  }

  hold(arrival: Arrival): void {
    this.#waiting.push(typeof arrival === 'string' ? arrival : Buffer.from(arrival))
    if (typeof arrival !== 'string') this.#waitingBytes += arrival.length
    if (this.#waitingBytes > MOST_WAITING_BYTES) this.setStopped('waiting', true)
  }

  /** Opens the gate and passes the held arrivals to their stage until the gate closes again. */
  open(stage: Pick<Stage, 'receive' | 'end' | 'reset'>): void {
    this.#closed = false
    while (!this.#closed) {
      const arrival = this.#waiting.shift()
      if (arrival === undefined) break
      if (typeof arrival !== 'string') this.#waitingBytes -= arrival.length
      if (typeof arrival === 'string') stage[arrival]()
      else stage.receive(arrival)
    }
    if (this.#waitingBytes <= MOST_WAITING_BYTES) this.setStopped('waiting', false)
  }

  /** Holds the unread rest of the current chunk, in front of all arrivals that are already held. */
  putBack(bytes: Buffer): void {
    this.#waiting.unshift(Buffer.from(bytes))
    this.#waitingBytes += bytes.length
  }

  setStopped(reason: keyof typeof REASONS, stopped: boolean): void {
    const before = this.#reasonsToStop
    this.#reasonsToStop = stopped ? before | REASONS[reason] : before & ~REASONS[reason]
    if ((before === 0) !== (this.#reasonsToStop === 0)) this.#exit.setReading(this.#reasonsToStop === 0)
  }
}

const REASONS = {
  waiting: 1,
  /** Fabricated responses are waiting until the client reads them. */
  answers: 2,
  /** Set while too much of the history waits to be written to disk. */
  record: 4,
  /** Too many requests are waiting for responses. */
  unanswered: 8,
} as const
