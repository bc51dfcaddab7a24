import type { Nanos } from '@chaosproxy/history'
import type { CodeRun, Race } from '@chaosproxy/report'
import { describe, expect, test } from 'vitest'
import { stopAsItBegins, stopsAround, stopsOf } from '../../src/worlds/stops.ts'

type Step = CodeRun['steps'][number]

/**
 * Parses texts of the form `sell at 3` as steps: a function, the type of the step, and a line. A step of the function
 * `other` belongs to a request of p1, all other steps belong to a request of p0. Each step comes a millisecond after
 * the previous one. Each line has an await of its own.
 */
function ran(...texts: readonly string[]): CodeRun {
  const steps = texts.map((text, i): Step => {
    const [name = '', type, line] = text.split(' ')
    const within = name === 'sell' ? 1 : 2
    return {
      ...{ type: type as Step['type'], site: Number(line) * 10, within, file: 'server.ts', line: Number(line) },
      ...{ request: name === 'other' ? 'process-1-1' : 'process-0-1', at: (i * 1e6) as Nanos },
      ...{ reads: [], writes: [], rests: [] },
    }
  })
  return { steps, sources: {} }
}

const part = (process: number, line: number, from: number, to: number): Race['overtaken'] => ({
  request: { name: `process-${process}-1`, process: `p${process}`, f: 'add' },
  ...{ file: 'server.ts', lines: [line, line], from: (from * 1e6) as Nanos, to: (to * 1e6) as Nanos },
})

/** A race at p0's await on this line, between two steps. */
const overtaken = (line: number, from: number, to: number): Race => ({
  ...{ sentence: '', overtaken: part(0, line, from, to), by: part(1, 4, from, to) },
  ...{ rows: [], turns: { overtaken: [], by: [] } },
})

describe('a debugger attached to a replay', () => {
  test('a debugger stops at the `await` during which another request interfered, and at the next statement', () => {
    const run = ran('sell enters 1', 'sell at 2', 'sell at 3', 'sell gone 3', 'other at 4', 'sell back 3', 'sell at 5')
    expect(stopsAround(overtaken(3, 3, 5), run)).toEqual([
      { request: 'process-0-1', file: 'server.ts', line: 3, nth: 0 },
      { request: 'process-0-1', file: 'server.ts', line: 5, nth: 0 },
    ])
  })

  test('a debugger stops in the loop iteration in which another request interfered during an `await`', () => {
    const round = ['sell at 3', 'sell gone 3', 'sell back 3']
    const run = ran(...round, 'sell at 3', 'sell gone 3', 'other at 4', 'sell back 3', 'sell at 3')
    expect(stopsAround(overtaken(3, 4, 6), run)).toMatchObject([
      { line: 3, nth: 1 },
      { line: 3, nth: 2 },
    ])
  })

  test('a debugger stops at the statement with the `await`, not in the function that it calls', () => {
    const run = ran('sell at 3', 'load enters 7', 'load at 8', 'sell gone 3', 'other at 4', 'sell back 3')
    expect(stopsAround(overtaken(3, 3, 5), run)).toEqual([
      { request: 'process-0-1', file: 'server.ts', line: 3, nth: 0 },
    ])
  })

  test('a debugger stops once per replay in the overtaken request, and not in other requests', () => {
    const { at, lines } = stopsOf([{ request: 'process-0-1', file: 'server.ts', line: 3, nth: 1 }])
    expect(lines).toMatchObject([{ file: 'server.ts', line: 3 }])
    const place = { file: 'server.ts', line: 3 }
    const asked = ['process-1-1', 'process-0-1', 'process-1-1', 'process-0-1', 'process-0-1']
    expect(asked.map((request) => at(request, place))).toEqual([false, false, false, true, false])
  })

  test('a debugger stops once at the start of the given request if no interfering request is known', () => {
    const { at } = stopAsItBegins('process-0-1')
    const asked = ['process-1-1', 'process-0-1', 'process-0-1']
    expect(asked.map((request) => at(request, { file: 'server.ts', line: 1 }))).toEqual([false, true, false])
  })
})
