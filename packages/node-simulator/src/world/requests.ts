import { AsyncLocalStorage } from 'node:async_hooks'
import http from 'node:http'
import type { NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'

export interface CodeStep {
  readonly type: 'enters' | 'at' | 'gone' | 'back'
  /** A number in `Program.sites`. */
  readonly site: number
  /** `process-3-2`: the second operation of process 3. */
  readonly request: string
  readonly node: NodeId
  /** Since the world began. */
  readonly at: Nanos
}

/** Called for every step of a probed program that serves a client; true stops a debugger there. */
export type CodeWatch = (step: CodeStep) => boolean

/** A request that went on at an await; undefined for code that serves none. */
export interface Resumed {
  readonly request: string | undefined
  /** A number in `Program.sites`. */
  readonly site: number
}

/** Called at the end of a turn, with what went on in it, in that order. */
export type ResumedWatch = (resumed: readonly Resumed[]) => void

/** A simulated socket: which request arrived last. */
interface Serving {
  readonly serves?: string | undefined
}

/**
 * The client's request that the running code serves, even on a node that another node called for it. Tracked only if it
 * is asked for, because contexts cost time.
 */
export class Requests {
  readonly ran: CodeWatch
  readonly #serving = new AsyncLocalStorage<string>()
  #resumed: Resumed[] = []
  #hears: ResumedWatch | undefined

  constructor(watch: CodeWatch = () => false) {
    this.ran = watch
  }

  /** What the current turn brings was awaited by the requests that go on in it. */
  arrives(hears: ResumedWatch | undefined): void {
    this.#hears = hears
  }

  resumes(resumed: Resumed): void {
    this.#resumed.push(resumed)
  }

  /** A turn ends, or another begins. */
  turned(): void {
    const [hears, resumed] = [this.#hears, this.#resumed]
    this.#hears = undefined
    // What was heard is kept.
    if (resumed.length > 0 || hears !== undefined) this.#resumed = []
    hears?.(resumed)
  }

  current(): string | undefined {
    return this.#serving.getStore()
  }

  /** Runs the code for a request that begins here. */
  serve(name: string, run: () => void): void {
    this.#serving.run(name, run)
  }

  /** Tracks requests as servers pass them to programs; the result ends that. */
  follow(): () => void {
    const { prototype } = http.Server
    const { emit } = prototype
    const handed = this.#handed.bind(this)
    prototype.emit = function (this: http.Server, name: string, ...args: unknown[]) {
      const plain = (): boolean => Reflect.apply(emit, this, [name, ...args]) as boolean
      return name === 'request' ? handed(plain, args[0] as http.IncomingMessage) : plain()
    } as typeof emit
    return () => {
      // The property was inherited.
      delete (prototype as Partial<http.Server>).emit
    }
  }

  #handed(emit: () => boolean, message: http.IncomingMessage): boolean {
    const { serves } = message.socket as Serving
    if (serves === undefined) return emit()
    const { emit: plain } = message
    const emitWithin = (...args: Parameters<typeof plain>): boolean =>
      this.#serving.run(serves, () => Reflect.apply(plain, message, args))
    // Node's parser emits the body within a context of its own.
    Object.defineProperty(message, 'emit', { value: emitWithin, configurable: true, writable: true })
    return this.#serving.run(serves, emit)
  }
}
