import { AsyncLocalStorage } from 'node:async_hooks'
import http from 'node:http'
import type { NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'

export interface CodeStep {
  readonly type: 'enters' | 'at' | 'gone' | 'back'
  /** The index of the site in `Program.sites`. */
  readonly site: number
  /** `process-3-2` is the second operation of process 3. */
  readonly request: string
  readonly node: NodeId
  /** The virtual time since the beginning of the run. */
  readonly at: Nanos
}

/** Called for every step that serves a client. If it returns true, a debugger pauses there. */
export type CodeWatch = (step: CodeStep) => boolean

/** A request that resumed at an await. `request` is undefined for code that serves no request. */
export interface Resumed {
  readonly request: string | undefined
  /** The index of the site in `Program.sites`. */
  readonly site: number
}

/** Called at the end of a turn with the requests that resumed in this turn, in order. */
export type ResumedWatch = (resumed: readonly Resumed[]) => void

interface Serving {
  readonly serves?: string | undefined
}

/**
 * Tracks which client's request the running code serves, on every node. It is used only if needed, because tracking
 * takes time.
 */
export class Requests {
  readonly ran: CodeWatch
  readonly #serving = new AsyncLocalStorage<string>()
  #resumed: Resumed[] = []
  #hears: ResumedWatch | undefined

  constructor(watch: CodeWatch = () => false) {
    this.ran = watch
  }

  /** Sets a function to call at the end of this turn. The function receives the requests that resumed in this turn. */
  arrives(hears: ResumedWatch | undefined): void {
    this.#hears = hears
  }

  resumes(resumed: Resumed): void {
    this.#resumed.push(resumed)
  }

  turned(): void {
    const [hears, resumed] = [this.#hears, this.#resumed]
    this.#hears = undefined
    // The receiver may keep the list, so a new one is made.
    if (resumed.length > 0 || hears !== undefined) this.#resumed = []
    hears?.(resumed)
  }

  current(): string | undefined {
    return this.#serving.getStore()
  }

  serve(name: string, run: () => void): void {
    this.#serving.run(name, run)
  }

  /** Tracks every request that a server passes to a program, until the returned function is called. */
  follow(): () => void {
    const { prototype } = http.Server
    const { emit } = prototype
    const handed = this.#handed.bind(this)
    prototype.emit = function (this: http.Server, name: string, ...args: unknown[]) {
      const plain = (): boolean => Reflect.apply(emit, this, [name, ...args]) as boolean
      return name === 'request' ? handed(plain, args[0] as http.IncomingMessage) : plain()
    } as typeof emit
    return () => {
      // Once its own `emit` is deleted, the prototype has the inherited `emit` again.
      delete (prototype as Partial<http.Server>).emit
    }
  }

  #handed(emit: () => boolean, message: http.IncomingMessage): boolean {
    const { serves } = message.socket as Serving
    if (serves === undefined) return emit()
    const { emit: plain } = message
    const emitWithin = (...args: Parameters<typeof plain>): boolean =>
      this.#serving.run(serves, () => Reflect.apply(plain, message, args))
    // Without this `emit`, Node's parser would emit the body in a context of its own.
    Object.defineProperty(message, 'emit', { value: emitWithin, configurable: true, writable: true })
    return this.#serving.run(serves, emit)
  }
}
