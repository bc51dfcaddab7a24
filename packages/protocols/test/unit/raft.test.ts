import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { findProtocol } from '../../src/index.ts'
import type { RaftMessage, RaftRecord, RaftState } from '../../src/raft/state.ts'
import {
  accept,
  ask,
  createLeader,
  createNode,
  elect,
  entry,
  NO_PRE_VOTE,
  recordsOf,
  registersOf,
  replies,
  sent,
  write,
} from '../raft-node.ts'

describe('elections in Raft (§5.2, §5.4.1)', () => {
  test('"each server will vote for at most one candidate in a given term, on a first-come-first-served basis"', () => {
    const node = createNode({})
    expect(sent(node.message('n2', ask(1, 0, 0)))).toMatchObject([{ granted: true }])
    expect(sent(node.message('n3', ask(1, 0, 0)))).toMatchObject([{ granted: false }])
    expect(sent(node.message('n2', ask(1, 0, 0)))).toMatchObject([{ granted: true }])
  })

  test('a Raft vote is durable before the reply to the candidate is sent', () => {
    const kinds = createNode({})
      .message('n2', ask(1, 0, 0))
      .map((effect) => effect.type)
    expect(kinds.indexOf('persist')).toBeGreaterThanOrEqual(0)
    expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send'))
  })

  test('a restarted node votes for no other candidate in the term of its earlier vote', () => {
    const journal: RaftRecord[] = [{ kind: 'vote', term: 1, votedFor: 'n2' }]
    expect(sent(createNode({ journal }).message('n3', ask(1, 0, 0)))).toMatchObject([{ granted: false }])
  })

  test('with the bug forget-vote, a restarted node votes twice in one term', () => {
    const first = createNode({ bug: 'forget-vote' })
    const effects = first.message('n2', ask(1, 0, 0))
    expect(sent(effects)).toMatchObject([{ granted: true }])
    const journal = recordsOf(effects)
    const restarted = createNode({ bug: 'forget-vote', journal })
    expect(sent(restarted.message('n3', ask(1, 0, 0)))).toMatchObject([{ granted: true }])
  })

  test.each([
    { candidate: 'a later last term', lastIndex: 1, lastTerm: 3, granted: true },
    { candidate: 'the same last term and length', lastIndex: 2, lastTerm: 2, granted: true },
    { candidate: 'a longer log of the same last term', lastIndex: 9, lastTerm: 2, granted: true },
    { candidate: 'a shorter log of the same last term', lastIndex: 1, lastTerm: 2, granted: false },
    { candidate: 'a longer log of an earlier last term', lastIndex: 9, lastTerm: 1, granted: false },
    {
      candidate: 'the same, by up-to-date-length-only',
      lastIndex: 9,
      lastTerm: 1,
      granted: true,
      bug: 'up-to-date-length-only',
    },
  ])(
    '"the voter denies its vote if its own log is more up-to-date": $candidate',
    ({ lastIndex, lastTerm, granted, bug }) => {
      const journal: RaftRecord[] = [{ kind: 'entries', from: 1, entries: [entry(1, 1), entry(2, 2)] }]
      const node = createNode({ journal, bug })
      expect(sent(node.message('n2', ask(5, lastIndex, lastTerm)))).toMatchObject([{ granted }])
    },
  )

  test('a pre-vote changes no term, and is refused while a leader is heard (thesis §9.6)', () => {
    const node = createNode({})
    const preVote: RaftMessage = { type: 'pre-vote', term: 5, transfer: false, lastIndex: 9, lastTerm: 4 }
    expect(sent(node.message('n2', preVote))).toMatchObject([{ granted: true, term: 0 }])
    node.message('n3', { type: 'append', term: 1, prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 0 })
    expect(sent(node.message('n2', preVote))).toMatchObject([{ granted: false, term: 1 }])
    node.timer('silence')
    expect(sent(node.message('n2', preVote))).toMatchObject([{ granted: true, term: 1 }])
    expect(node.state.term).toBe(1)
  })

  test('a leader that hears from no majority for an election timeout steps down (thesis §6.2)', () => {
    const node = createNode({ settings: NO_PRE_VOTE })
    elect(node)
    node.timer('quorum')
    expect(node.status().role).toBe('leader')
    node.timer('quorum')
    expect(node.status().role).toBe('follower')
  })
})

describe('log replication in Raft (§5.3)', () => {
  const append = (term: number, prevIndex: number, prevTerm: number, entries: RaftState['log']['entries']) =>
    ({ type: 'append', term, prevIndex, prevTerm, entries, commit: 0, round: 1 }) as const

  test('"If the follower does not find an entry in its log with the same index and term, then it refuses the new entries"', () => {
    const node = createNode({})
    const effects = node.message('n2', append(3, 4, 2, [entry(3, 1)]))
    expect(sent(effects)).toMatchObject([{ success: false, conflictIndex: 1 }])
    expect(node.state.log.entries).toEqual([])
  })

  test('"conflicting entries in follower logs will be overwritten with entries from the leader\'s log"', () => {
    const journal: RaftRecord[] = [{ kind: 'entries', from: 1, entries: [entry(1, 1), entry(1, 2), entry(1, 3)] }]
    const node = createNode({ journal })
    expect(sent(node.message('n2', append(2, 1, 1, [entry(2, 9)])))).toMatchObject([{ success: true, match: 2 }])
    expect(node.state.log.entries).toEqual([entry(1, 1), entry(2, 9)])
  })

  test('an old message with few entries does not truncate a longer log', () => {
    const journal: RaftRecord[] = [{ kind: 'entries', from: 1, entries: [entry(1, 1), entry(1, 2)] }]
    const node = createNode({ journal })
    expect(sent(node.message('n2', append(1, 0, 0, [entry(1, 1)])))).toMatchObject([{ success: true, match: 1 }])
    expect(node.state.log.entries).toHaveLength(2)
  })

  test('Raft entries are durable before they are confirmed', () => {
    const kinds = createNode({})
      .message('n2', append(1, 0, 0, [entry(1, 1)]))
      .map((effect) => effect.type)
    expect(kinds.lastIndexOf('persist')).toBeLessThan(kinds.indexOf('send'))
  })

  test('a leader writes all entries since its last write as one record, just before it sends them', () => {
    const node = createLeader({})
    expect(recordsOf(node.request('r1', write(1)))).toEqual([{ kind: 'entries', from: 2, entries: [entry(1, 1)] }])
    expect(recordsOf(node.request('r2', write(2)))).toEqual([])
    expect(recordsOf(node.request('r3', write(3)))).toEqual([])
    const effects = node.message('n2', accept(node, 2, 2))
    expect(effects.map(({ type }) => type)).toEqual(['reply', 'persist', 'send', 'send'])
    expect(recordsOf(effects)).toEqual([{ kind: 'entries', from: 3, entries: [entry(1, 2), entry(1, 3)] }])
  })

  test('a leader that steps down first writes its unsent entries to its journal', () => {
    const node = createLeader({})
    node.request('r1', write(1))
    node.request('r2', write(2))
    const records = recordsOf(node.message('n3', append(9, 0, 0, [])))
    expect(records).toMatchObject([
      { kind: 'vote', term: 9 },
      { kind: 'entries', from: 3, entries: [entry(1, 2)] },
    ])
  })

  test('a leader that is a majority by itself answers once the entry is durable', () => {
    const machine = findProtocol('raft')!.create({ settings: NO_PRE_VOTE })
    const { state } = machine.start({ id: 'n1', peers: [], seed: 1 }, [], millis(0))
    machine.step(state, { type: 'timer', timer: 'election' }, millis(1), millis(1))
    const { effects } = machine.step(state, { type: 'request', requestId: 'r1', input: write(1) }, millis(2), millis(2))
    expect(effects.map(({ type }) => type)).toEqual(['setTimer', 'persist', 'cancelTimer', 'reply'])
  })

  test('the replay of a Raft journal restores the log that was written to the journal', () => {
    const journal: RaftRecord[] = [
      { kind: 'entries', from: 1, entries: [entry(1, 1), entry(1, 2)] },
      { kind: 'vote', term: 2, votedFor: null },
      { kind: 'entries', from: 2, entries: [entry(2, 3)] },
    ]
    const { state } = createNode({ journal })
    expect(state.log.entries).toEqual([entry(1, 1), entry(2, 3)])
    expect(state.term).toBe(2)
  })
})

describe('commitment in Raft (§5.4.2)', () => {
  /** Figure 8 (c): a leader of term 4 whose log has an entry of term 2, which it now copies to a majority. */
  function figure8(bug?: string) {
    const journal: RaftRecord[] = [
      { kind: 'vote', term: 3, votedFor: null },
      { kind: 'entries', from: 1, entries: [entry(2, 1)] },
    ]
    const node = createNode({ journal, settings: NO_PRE_VOTE, bug })
    elect(node)
    node.message('n2', accept(node, 1, 0))
    return node
  }

  test('"Raft never commits log entries from previous terms by counting replicas"', () => {
    const node = figure8()
    expect(node.state.commitIndex).toBe(0)
    node.message('n2', accept(node, 2, 0))
    expect(node.state.commitIndex).toBe(2)
  })

  test('with the bug commit-old-term, a leader commits an entry of an earlier term by counting replicas', () => {
    expect(figure8('commit-old-term').state.commitIndex).toBe(1)
  })

  test('Raft answers a write once a majority has it, and not earlier', () => {
    const node = createNode({ settings: NO_PRE_VOTE })
    elect(node)
    expect(replies(node.request('r1', write(7)))).toEqual([])
    expect(replies(node.message('n2', accept(node, 1, 0)))).toEqual([])
    expect(replies(node.message('n2', accept(node, 2, 0)))).toMatchObject([{ requestId: 'r1', result: { type: 'ok' } }])
  })

  test('with the bug ack-before-majority, Raft answers a write immediately', () => {
    const node = createNode({ settings: NO_PRE_VOTE, bug: 'ack-before-majority' })
    elect(node)
    expect(replies(node.request('r1', write(7)))).toMatchObject([{ requestId: 'r1', result: { type: 'ok' } }])
  })
})

describe('clients of Raft (§8; thesis §6.3, §6.4)', () => {
  test('a Raft read waits until a majority answers a round of heartbeats that began after the arrival of the read', () => {
    const node = createLeader({})
    expect(replies(node.request('r1', { f: 'read', key: 'x', value: null }))).toEqual([])
    expect(replies(node.message('n2', accept(node, 1, 1)))).toEqual([])
    const answered = node.message('n2', accept(node, 1, 2))
    expect(replies(answered)).toMatchObject([{ requestId: 'r1', result: { type: 'ok', value: null } }])
  })

  test('a Raft read that arrives during a round of heartbeats waits for the next round', () => {
    const node = createLeader({})
    node.request('r1', { f: 'read', key: 'x', value: null })
    node.request('r2', { f: 'read', key: 'x', value: null })
    expect(replies(node.message('n2', accept(node, 1, 2)))).toMatchObject([{ requestId: 'r1' }])
    expect(replies(node.message('n2', accept(node, 1, 3)))).toMatchObject([{ requestId: 'r2' }])
  })

  test('a leader answers no read before an entry of its own term is committed', () => {
    const node = createNode({ settings: NO_PRE_VOTE })
    elect(node)
    node.request('r1', { f: 'read', key: 'x', value: null })
    expect(replies(node.message('n2', accept(node, 0, 1)))).toEqual([])
    expect(replies(node.message('n2', accept(node, 0, 2)))).toEqual([])
    expect(replies(node.message('n2', accept(node, 1, 2)))).toMatchObject([{ requestId: 'r1' }])
  })

  test('Raft requests that arrive during a round of heartbeats are sent together in the next round (thesis §10.2.2)', () => {
    const node = createLeader({})
    expect(sent(node.request('r1', write(1)))).toMatchObject([
      { round: 2, entries: [{}] },
      { round: 2, entries: [{}] },
    ])
    expect(sent(node.request('r2', write(2)))).toEqual([])
    expect(sent(node.request('r3', { f: 'read', key: 'x', value: null }))).toEqual([])
    expect(sent(node.request('r4', write(4)))).toEqual([])
    const both = { round: 3, prevIndex: 2, entries: [entry(1, 2), entry(1, 4)] }
    const answered = node.message('n2', accept(node, 2, 2))
    expect(replies(answered)).toMatchObject([{ requestId: 'r1' }])
    expect(sent(answered)).toMatchObject([both, both])
    expect(replies(node.message('n2', accept(node, 4, 3)))).toMatchObject([
      { requestId: 'r2' },
      { requestId: 'r4' },
      { requestId: 'r3', result: { type: 'ok', value: 4 } },
    ])
  })

  test('a Raft follower that answers late gets all entries so far, and new entries only in the next round', () => {
    const node = createLeader({ settings: { pipeline: 1 } })
    node.request('r1', write(1))
    node.message('n2', accept(node, 2, 2))
    node.request('r2', write(2))
    expect(sent(node.message('n3', accept(node, 1, 1)))).toMatchObject([{ prevIndex: 1, entries: [{}, {}] }])
    node.request('r3', write(3))
    expect(sent(node.message('n3', accept(node, 3, 2)))).toEqual([])
  })

  test('while no majority answers, a Raft leader sends waiting entries with the heartbeats', () => {
    const node = createLeader({})
    node.request('r1', write(1))
    node.timer('heartbeat')
    node.request('r2', write(2))
    expect(sent(node.timer('heartbeat'))).toMatchObject([{ entries: [entry(1, 2)] }, { entries: [entry(1, 2)] }])
  })

  test('with the bug stale-read, a leader answers a read from its copy immediately', () => {
    expect(
      replies(createLeader({ bug: 'stale-read' }).request('r1', { f: 'read', key: 'x', value: null })),
    ).toHaveLength(1)
  })

  test.each([
    { bug: undefined, value: 2 },
    { bug: 'double-apply', value: 1 },
  ])('Raft executes a repeated request once, unless a bug is planted (bug: $bug)', ({ bug, value }) => {
    const node = createLeader({ bug })
    const session = { client: 'a', sequence: 1 }
    node.request('r1', write(1), session)
    node.request('r2', write(2), { client: 'b', sequence: 1 })
    node.request('r3', write(1), session)
    node.message('n2', accept(node, 4, 0))
    expect(registersOf(node.state).get('x')).toBe(value)
  })

  test.each([
    { bug: undefined, value: 2 },
    { bug: 'dedup-leader-only', value: 1 },
  ])(
    'a new Raft leader knows which requests its predecessor executed, unless a bug is planted (bug: $bug)',
    ({ bug, value }) => {
      const node = createNode({ settings: NO_PRE_VOTE, bug })
      const first = { input: write(1), session: { client: 'a', sequence: 1 } }
      const second = { input: write(2), session: { client: 'b', sequence: 1 } }
      const entries = [first, second].map((command) => ({ term: 1, command }))
      node.message('n2', { type: 'append', term: 1, prevIndex: 0, prevTerm: 0, entries, commit: 2, round: 0 })
      node.timer('silence')
      elect(node)
      node.request('r1', first.input, first.session)
      node.message('n2', accept(node, 4, 0))
      expect(registersOf(node.state).get('x')).toBe(value)
    },
  )

  test('a Raft write replaced by another entry has an unknown outcome if the new leader never answers', () => {
    const node = createLeader({})
    node.request('r1', write(1))
    const overwrite = { type: 'append', term: 9, prevIndex: 1, prevTerm: 1, entries: [entry(9, 5)] } as const
    node.message('n3', { ...overwrite, commit: 2, round: 0 })
    const answers = Array.from({ length: 40 }, () => replies(node.timer('requests'))).flat()
    // The entry of the write was replaced, so the first attempt left no trace. The request was then sent to the new
    // leader, which never answered.
    expect(answers).toMatchObject([{ requestId: 'r1', result: { type: 'info' } }])
  })

  test('a deposed Raft leader does not answer a duplicate of a forwarded request', () => {
    const node = createLeader({})
    const origin = { node: 'n2', requestId: 'r1', attempt: 1 }
    const forward = { type: 'forward', origin, command: { input: write(1) }, ticket: { life: 5, number: 1 } } as const
    node.message('n2', forward)
    const length = node.state.log.entries.length
    node.message('n2', forward)
    expect(node.state.log.entries).toHaveLength(length)
    node.message('n3', { type: 'append', term: 9, prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 0 })
    expect(sent(node.message('n2', forward))).toEqual([])
    const next = { ...forward, ticket: { life: 5, number: 2 } }
    expect(sent(node.message('n2', next))).toMatchObject([{ type: 'answer', result: { error: 'unavailable' } }])
  })

  test('with a client session, an unanswered Raft request is sent to the current leader again', () => {
    const node = createNode({})
    node.message('n2', { type: 'append', term: 1, prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 0 })
    const handedOver = (effects: ReturnType<typeof node.timer>) =>
      sent(effects).filter((message) => (message as RaftMessage).type === 'forward')
    expect(handedOver(node.request('r1', write(1), { client: 'a', sequence: 1 }))).toHaveLength(1)
    expect(handedOver(node.request('r2', write(2)))).toHaveLength(1)
    const soon = Array.from({ length: 4 }, () => handedOver(node.timer('requests'))).flat()
    expect(soon).toEqual([])
    expect(handedOver(node.timer('requests'))).toMatchObject([{ origin: { requestId: 'r1', attempt: 2 } }])
  })

  test('a Raft request that finds no leader fails definitely after a while', () => {
    const node = createNode({})
    expect(replies(node.request('r1', write(1)))).toEqual([])
    const answers = Array.from({ length: 20 }, () => replies(node.timer('requests'))).flat()
    expect(answers).toMatchObject([{ requestId: 'r1', result: { type: 'fail', error: 'unavailable' } }])
  })
})
