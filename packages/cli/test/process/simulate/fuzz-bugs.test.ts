import { join } from 'node:path'
import { nemeses } from '@chaosproxy/faults'
import { type ProtocolDefinition, protocols } from '@chaosproxy/protocols'
import { planTrial, type SearchedProtocol, usualStrategies } from '@chaosproxy/simulator'
import { describe, expect, test } from 'vitest'
import { search } from '../../../../engine/src/search/search.ts'
import { subjectOf } from '../../../../engine/src/worlds/subject.ts'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { parseFuzzSettings } from '../../../src/fuzz/use.ts'

const declared: readonly (readonly [string, ProtocolDefinition, ProtocolDefinition['bugs'][number]])[] =
  protocols.flatMap((protocol) => protocol.bugs.map((bug) => [`${protocol.name} ${bug.name}`, protocol, bug] as const))

/** The number of trials in which each strategy must draw every kind of fault at least once. */
const MOST_TRIALS = 400

/** Returns the declared kinds of faults that no strategy draws in the trials of the first MOST_TRIALS seeds. */
function neverDrawn(subject: SearchedProtocol, faults: readonly string[]): readonly string[] {
  const missing = new Set<string>(nemeses.filter(({ name }) => faults.includes(name)).map(({ kind }) => kind))
  for (let seed = 1; missing.size > 0 && seed <= MOST_TRIALS; seed++)
    for (const strategy of usualStrategies)
      for (const { plan } of planTrial(subject, strategy, seed).schedule) missing.delete(plan.kind)
  return [...missing]
}

const own = join(import.meta.dirname, '../../simulate/authors/needs-a-setting.mjs')

/** Returns the settings that are parsed from these options. */
const parsed = (options: { readonly [name: string]: string }) => parseFuzzSettings(options)

describe('a search for a planted bug', () => {
  test.each(declared)(
    'a search for a planted bug uses the settings that the bug declares: %s',
    async (_, { name }, bug) => {
      const {
        search: { subject },
        taken,
      } = await parsed({ target: name, bug: bug.name })
      const { settings, trialSettings, workload, faults = [] } = bug.under ?? {}
      expect(subject.targetSettings).toMatchObject({ ...settings, ...trialSettings })
      expect(subject.workload).toBe(workload ?? 'register')
      expect(taken).toMatchObject({ targetSettings: { ...settings, ...trialSettings }, workload })
      expect(neverDrawn(await subjectOf(subject), faults)).toEqual([])
    },
  )

  test('a search for a planted bug adds to the default faults those that the bug needs', async () => {
    const {
      search: { subject },
      taken,
    } = await parsed({ protocol: own, bug: 'once' })
    expect(subject).toMatchObject({ targetSettings: { hurry: true }, workload: 'counter' })
    expect(taken.besides.toSorted()).toEqual(['lose-reply', 'pause'])
    expect(subject.choices?.faults).toEqual(expect.arrayContaining(['kill', 'partition', 'pause', 'lose-reply']))
    expect(subject.choices?.faults).not.toContain('clock')
    expect(subject.choices?.faults).not.toContain('failover')
    expect(neverDrawn(await subjectOf(subject), ['pause', 'kill', 'lose-reply'])).toEqual([])
  })

  test('a search for a planted bug keeps the settings, faults and workload that the user typed', async () => {
    const {
      search: { subject },
      taken,
    } = await parsed({
      protocol: own,
      bug: 'once',
      set: 'hurry=false',
      faults: 'kill',
      workload: 'register',
    })
    expect(subject).toMatchObject({
      targetSettings: { hurry: false },
      workload: 'register',
      choices: { faults: ['kill'] },
    })
    expect(taken).toEqual({ targetSettings: {}, besides: [], workload: undefined })
  })

  test('a search shows the settings, faults and workload that it chose in the title, on the page and in the JSON', async () => {
    const args = ['fuzz', '--protocol', own, '--bug', 'once', '--seeds', '2', '--workers', '1', '--no-guide']
    const out = ['--out', temporaryDirectory()]
    const said = 'with the settings its bug needs: hurry=true; also the faults pause, lose-reply; workload counter'
    const { stdout, stderr } = await chaosHere([...args, ...out])
    expect(stderr).toContain(said)
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(said)
    const told = JSON.parse((await chaosHere([...args, ...out, '--json'])).stdout)
    expect(told).toMatchObject({ settings: { hurry: true }, workload: 'counter' })
  })

  test('search() applies the settings that expose the bug, unless the caller gives settings', async () => {
    const protocol = protocols.find(({ name }) => name === 'master-master')
    if (protocol === undefined) throw new Error('there is no master-master')
    const settings = { bug: 'deaf-clock', seeds: 20, shrinkMs: 1 }
    expect((await search(protocol, settings)).found).toMatchObject({ kind: 'invariant' })
    const chosen = { conflicts: 'timestamp', 'resolution-ms': 0.1 }
    expect((await search(protocol, { ...settings, settings: chosen })).found).toBeUndefined()
  })
})
