import { relative } from 'node:path'
import process from 'node:process'
import { inspect } from 'node:util'
import type { Program } from './bundle.ts'

/** Returns the text of an error with its location: `TypeError: x is undefined at get (server.ts:12:3)`. */
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
  // The bundler adds functions that are not in the source. The source map gives each of them the place of some
  // statement in the source. So two stack frames may have the same place.
  const own = places.filter(
    (place, i) => !/[/\\]node_modules[/\\]/.test(frames[i]?.file ?? '') && place !== places[i - 1],
  )
  return { what: `${error.name}: ${error.message}`, trace: own.length > 0 ? own : places }
}

/** Returns the line that called an assertion: the first frame outside of the package. */
export function callerOf(program: Program, stack = ''): string | undefined {
  const frames = program.frames(stack)
  const caller = frames.find(({ file }) => file !== frames[0]?.file)
  return caller && `${relative(process.cwd(), caller.file)}:${caller.line}:${caller.column}`
}
