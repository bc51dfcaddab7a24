import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { tooShortText } from '../../../src/run/too-short.ts'
import { parseRunSettings } from '../../../src/run/use.ts'

const settingsFor = (time: string, faults: string, seed: number) =>
  parseRunSettings({
    rate: 10,
    clients: 1,
    keys: 1,
    timeout: '1s',
    'check-timeout': '1s',
    sim: true,
    time,
    faults,
    seed,
  })

const textFor = async (time: string, faults: string, seed: number): Promise<string | undefined> => {
  return tooShortText((await settingsFor(time, faults, seed)).run)
}

describe('a run that is too short for its faults', () => {
  test('a run that is too short for its faults is reported at the start, with a sufficient --time', async () => {
    const { stderr, exitCode } = await chaosHere([
      ...['run', '--sim', '--seed', '5', '--time', '500ms', '--out', temporaryDirectory()],
    ])
    expect(stderr).toMatch(
      /^ {2}chaos .*\n\n *This run is too short for all its faults: partition, kill will not be injected\. With --time [\d.]+s, all faults are injected\.\n/m,
    )
    expect(exitCode).toBe(2)
  })

  test('a run of the reported minimum time injects all faults with every seed', async () => {
    const names = fc.constantFrom(
      'partition',
      'kill,pause',
      'partition,kill,pause',
      'delay,slow,loss,clock,crash-point',
    )
    await fc.assert(
      fc.asyncProperty(names, fc.nat(1000), async (faults, seed) => {
        const text = await textFor('100ms', faults, seed)
        if (text === undefined) return
        const [, time] = /With --time (\S+), all faults are injected\.$/.exec(text)!
        expect(await textFor(time!, faults, seed)).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  test('a run is not reported as too short if at least one fault is injected, or if no faults are requested', async () => {
    expect(await textFor('100ms', 'pause', 1)).toBeUndefined()
    expect(await textFor('100ms', 'none', 1)).toBeUndefined()
    expect(await textFor('20s', 'partition,kill,pause', 1)).toBeUndefined()
  })
})
