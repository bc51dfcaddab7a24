import { relative } from 'node:path'
import { simulatedPerformance } from '../builtins/clock.ts'
import { createConsole } from '../builtins/console.ts'
import { createProcess } from '../builtins/process.ts'
import { importBuiltin, requireBuiltin } from '../builtins/registry.ts'
import { simulatedTimers } from '../builtins/timers.ts'
import { FileCalls } from '../disk/calls.ts'
import type { Files } from '../disk/files.ts'
import { LISTENER } from '../world/assertions.ts'
import type { Life } from '../world/life.ts'
import type { Program } from './bundle.ts'

/** How a program is started on every node. */
export interface Starting {
  readonly program: Program
  readonly args: readonly string[]
  readonly files: Files
  readonly environment: { readonly [name: string]: string }
}

/** Starts a program as a node's: its modules are evaluated anew. */
export function startProgram(life: Life, { program, args, environment, files }: Starting): void {
  const calls = new FileCalls(life, files, program.directory)
  life.files = () => calls
  life.missing = program.missing
  life.enter(() => {
    const { entry, directory } = program
    const process = createProcess(life, { entry, directory, args, environment })
    const global: object = Object.create(globalThis)
    const console = createConsole(life)
    const own = { globalThis: global, global, process, console, performance: simulatedPerformance, ...simulatedTimers }
    for (const [name, value] of Object.entries(own))
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
          global,
        }),
      )
      .catch((error: unknown) => life.threw(error, false))
  })
}

/** An error with the lines of the program that it came from: `TypeError: x is undefined at get (server.ts:12:3)`. */
export function errorText(
  program: Program,
  error: unknown,
): { readonly what: string; readonly trace: readonly string[] } {
  if (!(error instanceof Error)) return { what: `threw ${String(error)}`, trace: [] }
  const frames = program.frames(error.stack ?? '')
  const places = frames.map(({ file, line, column, name }) => {
    const place = `${relative(process.cwd(), file)}:${line}:${column}`
    return name === undefined ? place : `${name} (${place})`
  })
  const own = places.filter((_, i) => !/[/\\]node_modules[/\\]/.test(frames[i]?.file ?? ''))
  return { what: `${error.name}: ${error.message}`, trace: own.length > 0 ? own : places }
}

/** The line that called an assertion: the first outside of the package that passed it on. */
function callerOf(program: Program, stack = ''): string | undefined {
  const frames = program.frames(stack)
  const caller = frames.find(({ file }) => file !== frames[0]?.file)
  return caller && `${relative(process.cwd(), caller.file)}:${caller.line}:${caller.column}`
}
