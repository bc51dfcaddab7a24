import { relative } from 'node:path'
import { inspect } from 'node:util'
import { simulatedPerformance } from '../builtins/clock.ts'
import { createConsole } from '../builtins/console.ts'
import { createProcess } from '../builtins/process.ts'
import { importBuiltin, requireBuiltin } from '../builtins/registry.ts'
import { simulatedTimers } from '../builtins/timers.ts'
import { FileCalls } from '../disk/calls.ts'
import type { Files } from '../disk/files.ts'
import { LISTENER } from '../world/assertions.ts'
import type { Life } from '../world/life.ts'
import type { CodeStep } from '../world/requests.ts'
import type { Program } from './bundle.ts'
import type { Probe } from './probes.ts'

/** How a program is started on every node. */
export interface Starting {
  readonly program: Program
  readonly args: readonly string[]
  readonly files: Files
  readonly environment: { readonly [name: string]: string }
  /** Told of its default export, once its modules have been evaluated. */
  readonly evaluated?: ((exported: unknown) => void) | undefined
}

/** Some globals of Node, such as `crypto`, answer only if they are asked of the real object of all globals. */
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

/** Starts a program as a node's: its modules are evaluated anew. */
export function startProgram(life: Life, { program, args, environment, files, evaluated }: Starting): void {
  const calls = new FileCalls(life, files, program.directory)
  life.files = () => calls
  life.lacks = (specifier) => program.lacks(specifier, new Error().stack ?? '')
  const probe = probeOf(life, program.awaits)
  if (life.world.requests !== undefined) life.followsContext = true
  life.enter(() => {
    const { entry, directory } = program
    const process = createProcess(life, { entry, directory, args, environment })
    const global: object = Object.create(sharedGlobals)
    const console = createConsole(life)
    // Packages keep what belongs to the whole program here, and so that nobody can take it away.
    const reflect: object = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(Reflect))
    const own = { globalThis: global, global, process, console, performance: simulatedPerformance, Reflect: reflect }
    for (const [name, value] of Object.entries({ ...own, ...simulatedTimers }))
      Object.defineProperty(global, name, { value, writable: true, configurable: true, enumerable: false })
    const place = (): string | undefined => callerOf(program, new Error().stack)
    Object.defineProperty(global, LISTENER, {
      value: (...told: unknown[]) => life.world.assertions.hear(life.id, place, told),
    })
    // As Node does with modules: their first turn is a promise's.
    Promise.resolve()
      .then(() =>
        program.start({
          require: requireBuiltin,
          importBuiltin,
          process,
          console,
          performance: simulatedPerformance,
          reflect,
          global,
          probe,
        }),
      )
      .then((exported) => evaluated?.(exported?.default))
      .catch((error: unknown) => life.threw(error, false))
  })
}

const NO_PROBE: Probe = { enters: () => false, at() {}, gone: (_, value) => value, back: (_, value) => value }

/** Holds what is to be held, and tells of the code that runs for a request of a client, with the request. */
function probeOf(life: Life, awaits: Program['awaits']): Probe {
  const { id: node, world } = life
  const { requests, holds } = world
  if (requests === undefined && holds === undefined) return NO_PROBE
  const ran = (type: CodeStep['type'], site: number): boolean => {
    const request = requests?.current()
    return request !== undefined && requests?.ran({ type, site, request, node, at: world.queue.now }) === true
  }
  return {
    enters: (site) => ran('enters', site),
    at: (site) => void ran('at', site),
    gone(site, value) {
      ran('gone', site)
      return holds === undefined ? value : holds.gone(life, awaits.get(site), value)
    },
    back(site, value) {
      ran('back', site)
      holds?.back(awaits.get(site))
      return value
    },
  }
}

/** An error with the lines of the program that it came from: `TypeError: x is undefined at get (server.ts:12:3)`. */
export function errorText(
  program: Program,
  error: unknown,
): { readonly what: string; readonly trace: readonly string[] } {
  if (!(error instanceof Error)) return { what: inspect(error), trace: [] }
  const frames = program.frames(error.stack ?? '')
  const places = frames.map(({ file, line, column, name }) => {
    const place = `${relative(process.cwd(), file)}:${line}:${column}`
    return name === undefined ? place : `${name} (${place})`
  })
  // The functions that bundling adds stand at a statement of the program, too.
  const own = places.filter(
    (place, i) => !/[/\\]node_modules[/\\]/.test(frames[i]?.file ?? '') && place !== places[i - 1],
  )
  return { what: `${error.name}: ${error.message}`, trace: own.length > 0 ? own : places }
}

/** The line that called an assertion: the first outside of the package that passed it on. */
function callerOf(program: Program, stack = ''): string | undefined {
  const frames = program.frames(stack)
  const caller = frames.find(({ file }) => file !== frames[0]?.file)
  return caller && `${relative(process.cwd(), caller.file)}:${caller.line}:${caller.column}`
}
