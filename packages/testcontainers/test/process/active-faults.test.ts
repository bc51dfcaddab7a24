import { parseTrafficFault, type TrafficFault } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { createActiveFaults } from '../../src/active-faults.ts'

const cut = (links: readonly string[]): TrafficFault => parseTrafficFault({ kind: 'partition', links }, 'test')

/** Returns links that record all events in `seen`. Each healed fault reports two hits. */
function links() {
  const seen: string[] = []
  const nameOf = (fault: object) => ('kind' in fault ? String(fault.kind) : '')
  const faults = createActiveFaults({
    async inject(fault) {
      seen.push(`${fault.kind} begins`)
      return {
        type: 'injected',
        heal(healed) {
          seen.push(`${fault.kind} ends`)
          healed({ type: 'healed', hits: 2 })
        },
      }
    },
  })
  const recording = {
    note(fault: object) {
      seen.push(`${nameOf(fault)} is noted`)
      return (hits: number) => void seen.push(`${nameOf(fault)} is noted to have ended, with ${hits} hits`)
    },
  }
  return { seen, faults, recording }
}

describe('a fault between containers', () => {
  test('a fault between containers is recorded from its start to its end', async () => {
    const { seen, faults, recording } = links()
    faults.noteIn(recording)
    const heal = await faults.inject(cut(['n1>n2']))
    expect(await heal()).toBe(2)
    expect(seen).toEqual([
      'partition begins',
      'partition is noted',
      'partition ends',
      'partition is noted to have ended, with 2 hits',
    ])
  })

  test('a fault between containers is recorded if it is active when a recording starts', async () => {
    const { seen, faults, recording } = links()
    await faults.inject(cut(['n1>n2']))
    faults.noteIn(recording)
    await faults.healAll()
    expect(seen).toEqual([
      'partition begins',
      'partition is noted',
      'partition ends',
      'partition is noted to have ended, with 2 hits',
    ])
  })

  test('a fault between containers is healed only once, even if its heal function is called twice', async () => {
    const { seen, faults } = links()
    const heal = await faults.inject(cut(['n1>n2']))
    expect(await Promise.all([heal(), heal()])).toEqual([2, 2])
    await faults.healAll()
    expect(seen).toEqual(['partition begins', 'partition ends'])
  })

  test('a fault between containers is rejected with the reason if it cannot be injected', async () => {
    const { inject } = createActiveFaults({ inject: async () => ({ type: 'failed', error: 'it is gone' }) })
    await expect(inject(cut(['n1>n2']))).rejects.toThrow('partition: it is gone')
  })
})
