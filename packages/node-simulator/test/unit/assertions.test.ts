import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ran, serving } from '../../../testing/src/simulated.ts'

const PACKAGE = JSON.stringify(join(import.meta.dirname, '../../../assertions/src/index.ts'))
const asserting = (body: string): string =>
  serving(`import { always, reachable, sometimes, unreachable } from ${PACKAGE}\n${body}`)

describe('an assertion in the simulator', () => {
  test("a call of always(false) in the simulator ends the run with the assertion's name, line and details", async () => {
    const { broken } = await ran(
      asserting(`setTimeout(() => {
        always(true, 'seats are free')
        always(false, 'no seat is sold twice', { seat: 7 })
        always(false, 'another')
      }, 10)`),
    )
    expect(broken).toMatchObject({ name: 'always "no seat is sold twice"', node: 'n1' })
    expect(broken?.what).toMatch(/^it is false at \S*server\.ts:7:9, with \{"seat":7\}$/)
  })

  test.each([
    ['Promise.resolve(true)', 'its condition is a promise, so await it'],
    ['1', 'its condition is neither true nor false, but of type number'],
  ])('a call of always(%s) in the simulator names the mistake in the condition', async (condition, what) => {
    const { broken } = await ran(asserting(`setTimeout(() => always(${condition}, 'seats are free'), 10)`))
    expect(broken?.what.startsWith(`${what} at `), broken?.what).toBe(true)
  })

  test('a call of unreachable() in the simulator ends the run', async () => {
    const { broken } = await ran(asserting(`setTimeout(() => unreachable('nobody comes here'), 10)`))
    expect(broken?.name).toBe('unreachable "nobody comes here"')
    expect(broken?.what).toMatch(/^it was reached at \S*server\.ts:5:/)
  })

  test('a sometimes() that was never true, and a reachable() that was never called, are reported', async () => {
    const { broken, unmet } = await ran(
      asserting(`
        sometimes(false, 'never true')
        sometimes(true, 'true once')
        for (const one of [true, false]) sometimes(one, 'true and false')
        if (process.uptime() < 0) reachable('never called')
        if (process.uptime() < 0) sometimes(true, 'never evaluated')
        reachable('called')`),
    )
    expect(broken).toBeUndefined()
    expect([...unmet].sort()).toEqual([
      'reachable "never called" was not met',
      'sometimes "never evaluated" was not met',
      'sometimes "never true" was not met',
    ])
  })
})
