import { describe, expect, test, vi } from 'vitest'
import { createClock } from '../../../src/preload/clock.ts'
import type { Wrongness } from '../../../src/preload/control.ts'
import { goFaultSupport, machineFaultSupport } from '../../../src/preload/fault-support.ts'
import { openMachine, ways } from '../../preload/programs.ts'

const TELLING = `setInterval(() => say(Date.now() - (performance.timeOrigin + performance.now())), 5)`

describe.skipIf(ways[0].without !== '')(`the clock of a Node program${ways[0].without}`, () => {
  test('the clock of a Node program jumps and drifts under faults, and is restored after the heals', async () => {
    const { machine, start } = await openMachine(['clock'])
    const program = await start(TELLING)
    /** Waits until the wall clock's lead over the monotonic clock is as expected. Returns the lead. */
    const until = async (isRight: (aheadMs: number) => boolean) => {
      for (;;) {
        const ahead = Number(await program.line())
        if (isRight(ahead)) return ahead
      }
    }
    const isNear = (expected: number) => (ahead: number) => Math.abs(ahead - expected) < 500
    await until(isNear(0))
    const jump = machine.injectFault({ kind: 'clock', nodes: ['n1'], offsetMs: 3_600_000 as never, driftPpm: 0 })
    await until(isNear(3_600_000))
    const drift = machine.injectFault({
      kind: 'clock',
      nodes: ['n1'],
      offsetMs: -7_200_000 as never,
      driftPpm: 500_000,
    })
    const before = await until(isNear(-3_600_000))
    await until((ahead) => ahead > before + 100 && ahead < -3_000_000)
    jump.undo()
    drift.undo()
    await until(isNear(0))
    expect(jump.hits()).toBeGreaterThan(0)
  })
})

test('overlapping clock faults add up, and each fault is undone separately', () => {
  const set: Wrongness[] = []
  const clock = createClock({ setClock: (wrong) => void set.push(wrong) })
  const undo = clock.move({ offsetMs: 1_000, driftPpm: 0 })
  clock.move({ offsetMs: -3_000, driftPpm: 0 })
  undo()
  expect(set.map(({ offsetNanos }) => Number(offsetNanos) / 1e6)).toEqual([1_000, -2_000, -3_000])
})

test('a power loss is refused if no compiler is installed, and clock faults are refused for Go programs', () => {
  vi.stubEnv('PATH', '/nowhere')
  expect(machineFaultSupport('power-loss')).toEqual({
    not: expect.stringMatching(/Linux only|there is no cc on this machine \(apt-get install gcc libc6-dev\)/),
    instead: ['kill'],
  })
  vi.unstubAllEnvs()
  expect(goFaultSupport('etcd')('clock')).toEqual({
    not: 'etcd is a Go program, which reads the clock without the C library',
    instead: ['pause'],
  })
})
