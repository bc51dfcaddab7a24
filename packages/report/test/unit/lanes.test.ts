import { describe, expect, test } from 'vitest'
import { type Made, made } from '../../../testing/src/timeline.ts'
import { lanesOf } from '../../src/html/lanes.ts'

const op = (p: number, from: number, to: number | undefined, more: Partial<Made> = {}): Made => ({
  ...{ p, f: 'write', in: from, from: from * 1e6 },
  ...(to === undefined ? {} : { to: to * 1e6 }),
  ...more,
})

/** The processes of each lane, from the top. */
function processesByLane({ names, laneOf }: ReturnType<typeof lanesOf>): (readonly [string, number[]])[] {
  return names.map((name, lane) => [
    name,
    [...laneOf].flatMap(([process, own]) => (own === lane ? [process] : [])).sort((a, b) => a - b),
  ])
}

describe('the lanes of the timeline', () => {
  test('a lane joins the processes of a client if each of them but the last ended with an unknown outcome', () => {
    const history = made([
      op(0, 1, 2),
      op(1, 1, 5, { type: 'info' }),
      op(0, 3, 9, { type: 'info' }),
      op(2, 6, 7),
      op(3, 10, 11),
    ])
    expect(processesByLane(lanesOf(history, []))).toEqual([
      ['p0, p3', [0, 3]],
      ['p1, p2', [1, 2]],
    ])
  })

  test('the timeline keeps a process separate if it began while all other processes were active', () => {
    const history = made([op(0, 1, 9, { type: 'info' }), op(1, 5, 6)])
    expect(lanesOf(history, []).names).toEqual(['p0', 'p1'])
  })

  test('a final read has its own lane, separate from a client that had ended before', () => {
    const history = made([op(0, 1, 2, { type: 'info' }), op(1, 5, 6, { final: true })])
    expect(lanesOf(history, []).names).toEqual(['p0', 'p1'])
  })

  test('the lanes of the counterexample come first, in its order, and the lanes of final reads come last', () => {
    const history = made([op(0, 1, 2, { final: true }), op(10, 1, 2), op(2, 3, 4), op(1, 5, 6)])
    expect(lanesOf(history, [2]).names).toEqual(['p2', 'p1', 'p10', 'p0'])
    expect(lanesOf(history, []).names).toEqual(['p1', 'p2', 'p10', 'p0'])
  })

  test('processes that are active in the first visible part of the timeline have the first lanes', () => {
    const second = 1000
    const history = made([
      ...[op(0, 1, 2), op(1, second, second + 9), op(2, second + 3, second + 4), op(3, second + 5, second + 6)],
      op(4, 2 * second, 2 * second + 1),
    ])
    const { names, atOpening } = lanesOf(history, [3, 1])
    expect({ names, atOpening }).toEqual({ names: ['p3', 'p1', 'p2', 'p0', 'p4'], atOpening: 3 })
    expect(lanesOf(history, []).atOpening).toBe(0)
  })

  test('the timeline has a lane for each known session, and another for overlapping operations of a session', () => {
    const plain = made([op(0, 1, 4), op(1, 2, 3), op(2, 5, 6), op(3, 1, 2)])
    const history = {
      ...plain,
      hasSessions: true,
      sessionOf: (process: number) => (process < 3 ? 0 : -1),
      sessionName: () => 'ana',
    }
    expect(processesByLane(lanesOf(history, []))).toEqual([
      ['ana', [0, 2]],
      ['', [1]],
      ['p3', [3]],
    ])
  })

  test('a lane of the timeline joins processes if each begins after the previous process has ended', () => {
    const history = made(Array.from({ length: 20_000 }, (_, i) => op(i, 2 * i, 2 * i + 1, { type: 'info' })))
    expect(lanesOf(history, []).names).toEqual(['p0, p1…'])
  })
})
