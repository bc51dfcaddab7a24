import { millis } from '@chaos/history'
import { protocols } from '@chaos/protocols'
import { describe, expect, test } from 'vitest'
import { type Case, findSeed } from './cases.ts'

type Hunt = Omit<Case, 'seed' | 'protocol' | 'bug'> & { readonly level?: 'linearizable' | 'eventual' }

const MIXED = ['isolate-leader', 'kill', 'loss', 'delay', 'pause']
const SEMI_SYNC = { sync: 2, reads: 'primary' }

/** Where each mistake shows. Those that a history hardly ever shows are shown step by step beside their protocol. */
const hunts: { readonly [mistake: string]: Hunt } = {
  'raft ack-before-majority': { faults: ['isolate-leader'], keys: 20 },
  'raft stale-read': { faults: MIXED },
  'raft no-log-check': { faults: ['kill', 'pause', 'loss', 'isolate-leader'], rate: 600 },
  'raft double-apply': { faults: MIXED },
  'raft ack-before-fsync': {
    faults: ['kill'],
    nodes: 3,
    keys: 10,
    simulation: { fsyncMinMs: millis(20), fsyncMaxMs: millis(60) },
  },
  'primary-replica no-fencing': { faults: [...MIXED, 'ring', 'partition'], knobs: SEMI_SYNC },
  'primary-replica ack-before-replicate': { faults: MIXED, knobs: { sync: 'all', reads: 'primary' } },
  'primary-replica promote-stale': { faults: [...MIXED, 'partition'], knobs: SEMI_SYNC },
  'master-master no-tie-break': { level: 'eventual', keys: 30, rate: 600, knobs: { 'resolution-ms': 1 } },
  'master-master forget-gossip': { level: 'eventual', faults: ['partition', 'loss'], keys: 30, rate: 100 },
  'master-master clock-ignorant': { level: 'eventual', faults: ['partition', 'delay'], keys: 30, rate: 100 },
  'master-master forget-received': { level: 'eventual', faults: ['kill'], keys: 30, rate: 100 },
}

/** Not seen by a history within the seeds that a test can afford. */
const SHOWN_STEP_BY_STEP = ['raft forget-vote', 'raft commit-old-term']

const SEEDS = 400

describe('a deliberate mistake', () => {
  test('is either hunted here or shown step by step', () => {
    const all = protocols.flatMap(({ name, bugs }) => bugs.map((bug) => `${name} ${bug.name}`))
    expect([...Object.keys(hunts), ...SHOWN_STEP_BY_STEP].sort()).toEqual(all.sort())
  })

  test.each(Object.keys(hunts))('%s is caught by the history alone', (mistake) => {
    const [protocol = '', bug = ''] = mistake.split(' ')
    const { level = 'linearizable', ...options } = hunts[mistake]!
    expect(findSeed({ ...options, protocol, bug }, level, SEEDS), `none of ${SEEDS} seeds showed it`).toBeDefined()
  })
})
