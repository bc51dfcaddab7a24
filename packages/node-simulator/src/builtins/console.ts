import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { types } from 'node:util'
import { type Life, runningLife } from '../world/life.ts'

/** Creates a console whose output goes to the node's log, line by line. */
export function createConsole(): Console {
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const life = runningLife()
      for (const line of String(chunk).replace(/\n$/, '').split('\n')) life.log(line)
      done()
    },
  })
  const made = new Console({ stdout: sink, stderr: sink, colorMode: false })
  const passed = (label: string): string => {
    const since = startsOf(runningLife()).get(label)
    if (since === undefined) return `Warning: No such label '${label}' for console.time()`
    return `${label}: ${(runningLife().steadyMs() - since).toFixed(3)}ms`
  }
  // These methods are replaced, because Node's own methods measure real time.
  made.time = (label = 'default') => void startsOf(runningLife()).set(label, runningLife().steadyMs())
  made.timeLog = (label = 'default', ...data) => made.log(passed(label), ...data)
  made.timeEnd = (label = 'default') => {
    made.log(passed(label))
    startsOf(runningLife()).delete(label)
  }
  return made
}

const startsByLife = new WeakMap<Life, Map<string, number>>()

/** Returns the start times of measurements, in milliseconds. A restart of the program loses them. */
function startsOf(life: Life): Map<string, number> {
  const starts = startsByLife.get(life) ?? new Map<string, number>()
  startsByLife.set(life, starts)
  return starts
}

export function clearConsole(made: Console): void {
  for (const name of Object.getOwnPropertySymbols(made)) {
    const counts: unknown = Reflect.get(made, name)
    // Node's class for this map does not inherit from `Map.prototype`, so `counts.clear` may not exist.
    if (types.isMap(counts)) Map.prototype.clear.call(counts)
  }
}
