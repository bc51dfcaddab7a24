import { EventEmitter } from 'node:events'
import { simulatedPerformance } from '../builtins/clock.ts'
import { clearConsole, createConsole } from '../builtins/console.ts'
import { noteShared } from '../builtins/intrinsics.ts'
import { emptyProcess, fillProcess, type ProcessOptions } from '../builtins/process.ts'
import { importBuiltin, requireBuiltin } from '../builtins/registry.ts'
import { simulatedTimers } from '../builtins/timers.ts'
import { LISTENER } from '../world/assertions.ts'
import { type Life, runningLife } from '../world/life.ts'
import { areChanged, type Noted, noteMembers, putBack } from '../world/members.ts'
import type { Exports, LoadModule, Program, Surroundings } from './bundle.ts'
import type { Probe } from './probes.ts'
import { callerOf } from './stacks.ts'

/**
 * The prototype of programs' global objects. Some globals of Node, such as `crypto`, work only on the real global
 * object.
 */
const sharedGlobals: object = Object.create(
  globalThis,
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(globalThis)).flatMap(([name, { get }]) =>
      get === undefined
        ? []
        : [
            [
              name,
              {
                get: (): unknown => Reflect.get(globalThis, name),
                set(this: object, value: unknown) {
                  Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true })
                },
              },
            ] as const,
          ],
    ),
  ),
)

/**
 * A seat, the environment of a program, is discarded after this many starts, because its packages may accumulate state.
 */
const MOST_STARTS = 500

/** Programs whose packages must be loaded again at every start. */
const unkept = new WeakSet<Program>()

export const keepsPackages = (program: Program): boolean => program.packages !== undefined && !unkept.has(program)

export const keepNoPackages = (program: Program): void => void unkept.add(program)

/**
 * The environment in which a program starts. Another start may reuse it with its packages, because loading them takes
 * longest. The program's own files are always evaluated again.
 */
export class Seat {
  readonly #process: EventEmitter = new EventEmitter()
  readonly #environment: { [name: string]: string } = {}
  readonly #console: Console = createConsole()
  readonly #global: object = Object.create(sharedGlobals)
  /** Each environment has its own `Reflect`. Packages store state on this object, and the state cannot be removed. */
  readonly #reflect: object = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(Reflect))
  readonly #modules: Map<string, unknown> = new Map()
  /** The members of each object that the program can change, as they were before the program could change them. */
  readonly #pristine: Noted[]
  readonly #program: Program
  #packages: object | undefined
  #starts = 0
  /** The nesting depth of packages that load each other. */
  #depth = 0
  #followsContext = false
  #isKept: boolean

  constructor(program: Program, isKept: boolean) {
    this.#program = program
    this.#isKept = isKept
    const global = this.#global
    const own = { globalThis: global, global, process: this.#process, console: this.#console }
    const rest = { performance: simulatedPerformance, Reflect: this.#reflect, ...simulatedTimers }
    for (const [name, value] of Object.entries({ ...own, ...rest }))
      Object.defineProperty(global, name, { value, writable: true, configurable: true, enumerable: false })
    const place = (): string | undefined => callerOf(program, new Error().stack)
    Object.defineProperty(global, LISTENER, {
      value(...details: unknown[]) {
        const life = runningLife()
        life.world.assertions.hear(life.id, place, details)
      },
    })
    this.#pristine = isKept ? this.#surroundings().map((holder) => noteMembers('', holder)) : []
  }

  /** Undoes what the program changed in this environment. Returns whether another start of the program may use it. */
  clear(): boolean {
    if (!this.#isKept || this.#packages === undefined || this.#starts >= MOST_STARTS) return false
    clearConsole(this.#console)
    return putBack(this.#pristine).stays === undefined && emptyProcess(this.#process)
  }

  /** Prepares this environment for the next start of the program. Must be called during the program's turn. */
  begin(life: Life, options: ProcessOptions): void {
    this.#starts++
    fillProcess(this.#process, this.#environment, options, life)
    life.process = this.#process
    life.modules = this.#modules
    if (this.#followsContext) life.followsContext = true
    if (!this.#isKept) return
    life.loaded = (module) => {
      for (const holder of [module, ...partsOf(module)])
        if (Object.isExtensible(holder)) this.#pristine.push(noteMembers('', holder))
    }
  }

  /** Evaluates the program's own files. Must be called during the program's turn. */
  start(probe: Probe): Promise<Exports> {
    const around: Surroundings = {
      ...{ require: requireBuiltin, importBuiltin, process: this.#process, console: this.#console },
      ...{ performance: simulatedPerformance, reflect: this.#reflect, global: this.#global, probe },
    }
    this.#packages ??= this.#program.packages?.(around, this.#isKept ? this.#loading : loadingOnce)
    return this.#program.start(around, this.#packages)
  }

  #surroundings(): readonly object[] {
    return [this.#console, this.#global, this.#reflect]
  }

  /** Behaves like the bundler's `__commonJSMin`, but also checks each package's evaluation (see `#watched`). */
  readonly #loading: LoadModule = (load, module) => loadingOnce((...args) => this.#watched(() => load(...args)), module)

  /**
   * Evaluates a package, and checks that the evaluation only creates the package's exports. After any other effect, the
   * packages of this program are evaluated again at every start.
   */
  #watched(evaluate: () => void): void {
    if (this.#depth > 0) {
      evaluate()
      return
    }
    const life = runningLife()
    const before = this.#noteAll()
    const noted = this.#pristine.length
    const { uses, followsContext } = life
    this.#depth++
    try {
      evaluate()
    } catch (error) {
      this.#giveUp()
      throw error
    } finally {
      this.#depth--
    }
    // `before` lacks the built-in modules that the evaluation loaded. When each was loaded, its members were added to
    // `#pristine`.
    const isChanged = areChanged(before) || areChanged(this.#pristine.slice(noted))
    if (life.uses !== uses || isChanged) this.#giveUp()
    if (!followsContext && life.followsContext) this.#followsContext = true
  }

  #giveUp(): void {
    this.#isKept = false
    keepNoPackages(this.#program)
  }

  #noteAll(): readonly Noted[] {
    const listeners = (this.#process as unknown as { readonly _events: object })._events
    const holders = [...this.#surroundings(), this.#process, listeners, this.#environment]
    const modules = [...this.#modules.values()].filter((module) => typeof module === 'object' && module !== null)
    return [...noteShared(), ...[...holders, ...(modules as object[])].map((holder) => noteMembers('', holder))]
  }
}

/** The bundler's `__commonJSMin`: evaluates a module on first use. */
const loadingOnce: LoadModule = (load, given) => {
  let module = given
  return () => {
    if (module === undefined) {
      module = { exports: {} }
      load(module.exports, module, module.exports)
    }
    return module.exports
  }
}

/**
 * Returns the plain objects that a built-in module contains, such as `promises` in `fs`. Programs may change these
 * objects, too.
 */
const partsOf = (module: object): readonly object[] =>
  Object.values(module).filter(
    (part: unknown): part is object =>
      typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype,
  )
