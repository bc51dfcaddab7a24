import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ensureBuilt } from '../../../../testing/src/build.ts'
import { findLibrary, openOwnClocks } from '../../../src/containers/own-clocks.ts'
import { startKeeper } from '../../../src/keeper/keeper.ts'

/** Returns the clock of one service, and a function that returns what its programs read. */
async function clockOf(service: string) {
  await ensureBuilt()
  const keeper = startKeeper(() => {})
  const clocks = openOwnClocks({ where: 'shop.json', services: [service], keeper })
  onTestFinished(async () => {
    clocks.remove()
    await keeper.close()
  })
  const file = join(dirname(clocks.override), service, 'now')
  return {
    clocks,
    clock: clocks.of(service),
    override: clocks.override,
    offset: () => readFileSync(file, 'utf8').trim(),
  }
}

afterEach(() => void vi.useRealTimers())

describe.runIf(findLibrary() !== undefined)('the clock of a container', () => {
  test('the clock of a container is shifted by the sum of all clock faults, and restored after the last heal', async () => {
    const { clock, offset } = await clockOf('web')
    expect(offset()).toBe('+0.000')
    const ahead = clock.move({ offsetMs: 90_000, driftPpm: 0 })
    const behind = clock.move({ offsetMs: -100_500, driftPpm: 0 })
    expect(offset()).toBe('-10.500')
    await ahead.undo()
    expect(offset()).toBe('-100.500')
    await behind.undo()
    expect(offset()).toBe('+0.000')
  })

  test('the clock of a container gains time under a drift fault, and is restored after the heal', async () => {
    const { clock, offset } = await clockOf('web')
    vi.useFakeTimers()
    const fast = clock.move({ offsetMs: 0, driftPpm: 500_000 })
    vi.advanceTimersByTime(10_000)
    expect(Number(offset())).toBeCloseTo(5, 1)
    await fast.undo()
    vi.advanceTimersByTime(10_000)
    expect(offset()).toBe('+0.000')
  })

  test('the clock of a container is not written after the run has ended, even if a fault is in force', async () => {
    const { clocks, clock } = await clockOf('web')
    vi.useFakeTimers()
    const fast = clock.move({ offsetMs: 0, driftPpm: 500_000 })
    clocks.remove()
    expect(() => vi.advanceTimersByTime(10_000)).not.toThrow()
    await fast.undo()
  })

  test('an override of the Compose file mounts and preloads the clock of a container', async () => {
    const { override } = await clockOf('web')
    const { web } = JSON.parse(readFileSync(override, 'utf8')).services
    expect(web.volumes).toEqual([`${join(dirname(override), 'web')}:/chaos-clock`])
    expect(web.environment).toMatchObject({
      LD_PRELOAD: '/chaos-clock/libfaketimeMT.so.1',
      FAKETIME_TIMESTAMP_FILE: '/chaos-clock/now',
    })
  })
})
