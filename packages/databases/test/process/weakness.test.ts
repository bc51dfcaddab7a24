import { meaningOf } from '@chaosproxy/history'
import { type Setting, type SettingValue, settingsFor, workloads } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { targetNames, targetOf } from '../named.ts'

interface WeaknessQuery {
  readonly object?: string
  readonly set?: Readonly<Record<string, string | number | boolean>>
  readonly faults?: readonly string[]
}

/** Returns which guarantees a target gives up with these settings, as the target describes them. */
async function weaknessOf(
  name: string,
  { object = 'register', set = {}, faults = [] }: WeaknessQuery,
): Promise<string> {
  const target = await targetOf(name)
  const question = { object, settings: { ...settingsFor(target), ...set }, faults: faults as never, nodes: 3 }
  return target.weakness?.(question) ?? ''
}

async function promiseOf(name: string, set: NonNullable<WeaknessQuery['set']>, fault: string): Promise<string> {
  const target = await targetOf(name)
  const settings = { ...settingsFor(target), ...set }
  return target.promises({ object: 'register', workload: 'register', settings, faults: [fault] as never })
}

describe('the described weakness of a target', () => {
  test.each(['mariadb', 'postgres'])(
    '%s describes lost commits in a promotion as its weakness only for runs with failovers',
    async (name) => {
      const set = { commit: 'async' }
      expect(await weaknessOf(name, { set, faults: ['partition'] })).toBe('')
      expect(await weaknessOf(name, { set, faults: ['failover'] })).toMatch(
        /^a commit waits for no \w+, so a promotion/,
      )
    },
  )

  test.each<[string, string, string, RegExp]>([
    ['mariadb', 'transactions', 'repeatable-read', /^at repeatable-read a transaction overwrites/],
    ['mariadb', 'register', 'repeatable-read', /^$/],
    ['postgres', 'transactions', 'repeatable-read', /^at repeatable-read two transactions may each change/],
    ['postgres', 'transactions', 'read-committed', /^at read-committed a transaction overwrites/],
    ['postgres', 'transactions', 'serializable', /^$/],
    ['postgres', 'register', 'read-committed', /^$/],
  ])(
    'a database describes the anomalies of its isolation level only for transactions (%s with %s at %s)',
    async (name, object, isolation, expected) => {
      expect(await weaknessOf(name, { object, set: { isolation } })).toMatch(expected)
    },
  )

  test('databases describe overwritten changes as a weakness only for transfers that read before they write', async () => {
    const set = { transfers: 'read-then-write' }
    for (const name of ['mariadb', 'postgres', 'galera']) {
      expect(await weaknessOf(name, { object: 'bank', set: { ...set, sync: 1 } })).toMatch(/overwrites changes/)
      expect(await weaknessOf(name, { object: 'bank', set: { sync: 1 } })).not.toMatch(/overwrites changes/)
    }
  })

  test('galera describes lost commits as a weakness only if the setting flush and the faults allow the loss', async () => {
    const said = (flush: number, fault: string) => weaknessOf('galera', { set: { flush, sync: 1 }, faults: [fault] })
    expect(await said(0, 'kill')).toBe('a crash loses the commits of the last second (flush=0)')
    expect(await said(2, 'power-loss')).toBe('a power loss takes the commits of the last second (flush=2)')
    expect([await said(2, 'kill'), await said(1, 'power-loss'), await said(0, 'pause')]).toEqual(['', '', ''])
    const promised = (flush: number, fault: string) => promiseOf('galera', { flush, sync: 1 }, fault)
    expect([await promised(0, 'kill'), await promised(2, 'power-loss')]).toEqual(['nothing', 'nothing'])
    expect([await promised(2, 'kill'), await promised(1, 'power-loss')]).toEqual(['linearizable', 'linearizable'])
  })

  test('a power loss can lose the MariaDB binary log, after which MariaDB promises nothing', async () => {
    expect(await weaknessOf('mariadb', { faults: ['power-loss'] })).toMatch(/^a power loss takes .*\(sync_binlog=0\)$/)
    expect(await promiseOf('mariadb', {}, 'power-loss')).toBe('nothing')
    expect(await promiseOf('mariadb', {}, 'kill')).toBe('linearizable')
  })

  test('galera describes no weakness of transfers if the setting snapshot-isolation is on', async () => {
    const set = { transfers: 'read-then-write', sync: 1, 'snapshot-isolation': 'on' }
    expect(await weaknessOf('galera', { object: 'bank', set })).toBe('')
  })

  test('master-master describes uncoordinated changes as its weakness, and outbox describes a lag', async () => {
    const merge = { sums: 'merge' }
    expect(await weaknessOf('master-master', { object: 'counter', set: merge })).toMatch(/adds without asking/)
    expect(await weaknessOf('master-master', { object: 'bank', set: merge })).toMatch(/pays without asking/)
    expect(await weaknessOf('master-master', { set: { sums: 'settle' } })).toMatch(/settles conflicts later/)
    expect(await weaknessOf('outbox', {})).toMatch(/lags behind the database/)
  })

  test('nats describes redelivered messages as the weakness of a queue, and stale reads as the weakness of a bucket', async () => {
    expect(await weaknessOf('nats', { object: 'queue', set: { direct: 'on' }, faults: ['pause', 'reset'] })).toBe(
      'a message whose acknowledgement does not arrive in 2000 ms is handed out again',
    )
    expect(await weaknessOf('nats', { set: { direct: 'on' }, faults: ['pause'] })).toBe(
      'any replica answers a read, and may lag (direct=on)',
    )
  })

  test.each(targetNames)(
    'the described weakness of %s mentions reads only for objects that are read, and only faults of the run',
    async (name) => {
      const target = await targetOf(name)
      const usual = settingsFor(target)
      const variants = [
        {},
        ...target.settings.flatMap((setting) => valuesOf(setting).map((value) => ({ [setting.name]: value }))),
      ]
      const said = workloads
        .filter(({ object }) => target.objects?.includes(object) !== false)
        .flatMap(({ object, functions }) =>
          variants.map((set) => {
            const question = { object, settings: { ...usual, ...set }, faults: ['partition'] as const, nodes: 5 }
            return {
              set,
              object,
              isRead: functions.some((f) => READING.includes(meaningOf(f)?.effect ?? '')),
              text: target.weakness?.(question) ?? '',
            }
          }),
        )
      expect(said.filter(({ isRead, text }) => !isRead && NAMES_READS.test(text))).toEqual([])
      expect(said.filter(({ text }) => /\b(killed|kill|power loss|promotion)\b/.test(text))).toEqual([])
    },
  )
})

const READING = ['reads', 'transacts', 'watches']

const NAMES_READS = /\breads?\b/

const valuesOf = ({ default: usual, values = [] }: Setting): readonly SettingValue[] =>
  typeof usual === 'boolean' ? [true, false] : values
