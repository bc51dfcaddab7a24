import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/log.ts'
import type { RaftMessage, RaftRecord, Snapshot } from '../../src/raft/state.ts'
import {
  accept,
  ask,
  createLeader,
  createNode,
  elect,
  entry,
  type Node,
  recordsOf,
  registersOf,
  replies,
  sent,
  write,
} from '../raft-node.ts'

const append = (term: number, prevIndex: number, prevTerm: number, entries: readonly Entry[], commit = 0) =>
  ({ type: 'append', term, prevIndex, prevTerm, entries, commit, round: 1 }) as const

const everybody = ['n1', 'n2', 'n3']

describe('snapshots of Raft (§7)', () => {
  const SMALL = { 'snapshot-entries': 2 }
  const snapshot = (index: number, term: number, value: number): Snapshot => ({
    index,
    term,
    members: everybody,
    copy: { held: [['x', value]], sessions: [] },
  })
  const install = (term: number, sent: Snapshot): RaftMessage => ({ type: 'snapshot', term, snapshot: sent, round: 1 })

  test('"Each server takes snapshots independently, covering just the committed entries in its log"', () => {
    const node = createNode({ settings: SMALL })
    node.message('n2', append(1, 0, 0, [entry(1, 1), entry(1, 2), entry(1, 3)], 2))
    expect(node.state.log).toMatchObject({ compacted: 2, compactedTerm: 1, entries: [entry(1, 3)] })
    expect(node.state.snapshot).toMatchObject({ index: 2, term: 1, copy: { held: [['x', 2]] } })
  })

  test('a restarted Raft node continues from its snapshot', () => {
    const node = createNode({ settings: SMALL })
    const journal = recordsOf(node.message('n2', append(1, 0, 0, [entry(1, 1), entry(1, 2), entry(1, 3)], 2)))
    const { state } = createNode({ settings: SMALL, journal })
    expect(state).toMatchObject({ applied: 2, commitIndex: 2, log: node.state.log, snapshot: node.state.snapshot })
    expect(state.copy).toEqual(node.state.copy)
  })

  test('"the leader must occasionally send snapshots to followers that lag behind"', () => {
    const node = createLeader({ settings: SMALL })
    node.request('r1', write(1))
    node.message('n2', accept(node, 2, 2))
    expect(node.state.log.compacted).toBe(2)
    const refusal = { ...accept(node, 0, 0), success: false, prevIndex: 2, conflictIndex: 1 } as RaftMessage
    const [message] = sent(node.message('n3', refusal))
    expect(message).toMatchObject({ type: 'snapshot', snapshot: { index: 2, copy: { held: [['x', 1]] } } })
    const next = sent(node.message('n3', accept(node, 2, 0)))
    expect(next).toEqual([])
    node.request('r2', write(2))
    expect(node.state.progress.get('n3')).toMatchObject({ match: 2, next: 4 })
  })

  test('a node whose log matches the last entry of a snapshot retains the log entries after the snapshot', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, [entry(1, 1), entry(1, 2), entry(1, 3)]))
    const [reply] = sent(node.message('n2', install(1, snapshot(2, 1, 2))))
    expect(reply).toMatchObject({ type: 'append-reply', success: true, match: 2 })
    expect(node.state.log).toMatchObject({ compacted: 2, entries: [entry(1, 3)] })
  })

  test('a node whose log conflicts with a snapshot discards the log, and resets its state machine to the snapshot', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, [entry(1, 1), entry(1, 2), entry(1, 3)]))
    const journal = recordsOf(node.message('n3', install(2, snapshot(2, 2, 9))))
    expect(node.state.log).toEqual({ compacted: 2, compactedTerm: 2, entries: [] })
    for (const { state } of [node, createNode({ journal })]) expect([...registersOf(state)]).toEqual([['x', 9]])
  })

  test('an old Raft snapshot does not undo committed entries', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, [entry(1, 1), entry(1, 2), entry(1, 3)], 3))
    expect(sent(node.message('n2', install(1, snapshot(2, 1, 2))))).toMatchObject([{ success: true, match: 2 }])
    expect(node.state).toMatchObject({ applied: 3, log: { compacted: 0 } })
    expect(registersOf(node.state).get('x')).toBe(3)
  })

  test('a follower confirms an old append whose entries are compacted', () => {
    const node = createNode({ settings: SMALL })
    const old = append(1, 0, 0, [entry(1, 1), entry(1, 2)], 2)
    node.message('n2', old)
    expect(sent(node.message('n2', old))).toMatchObject([{ success: true, match: 2 }])
    expect(node.state.log).toMatchObject({ compacted: 2, entries: [] })
  })

  test.each([
    { bug: undefined, kept: 1 },
    { bug: 'forget-snapshot', kept: 0 },
  ])('a snapshot is durable before it is confirmed, unless a bug is planted (bug: $bug)', ({ bug, kept }) => {
    const records = recordsOf(createNode({ bug }).message('n2', install(1, snapshot(2, 1, 2))))
    expect(records.filter(({ kind }) => kind === 'snapshot')).toHaveLength(kept)
  })
})

describe('leadership transfer in Raft (thesis §3.10)', () => {
  const settings = { 'transfer-ms': 100 }

  test('the prior leader sends TimeoutNow to the target of a leadership transfer once the log of the target matches', () => {
    const node = createLeader({ settings })
    expect(sent(node.timer('transfer'))).toContainEqual({ type: 'timeout-now', term: 1 })
  })

  test('the prior leader first "fully updates the target server’s log to match its own"', () => {
    const node = createLeader({ settings })
    node.request('r1', write(1))
    expect(sent(node.timer('transfer'))).not.toContainEqual({ type: 'timeout-now', term: 1 })
    expect(sent(node.message('n2', accept(node, 2, 0)))).toContainEqual({ type: 'timeout-now', term: 1 })
  })

  test('"The prior leader stops accepting new client requests", and resumes if the transfer does not complete', () => {
    const node = createLeader({ settings })
    node.timer('transfer')
    const length = node.state.log.entries.length
    node.request('r1', write(1))
    expect(node.state.log.entries).toHaveLength(length)
    node.timer('transfer')
    node.request('r2', write(2))
    expect(node.state.log.entries).toHaveLength(length + 1)
  })

  test('the target of a leadership transfer starts an election immediately, without a pre-vote', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, []))
    expect(sent(node.message('n2', { type: 'timeout-now', term: 1 }))).toMatchObject([
      { type: 'vote', term: 2, transfer: true },
      { type: 'vote', term: 2, transfer: true },
    ])
    expect(sent(node.message('n2', { type: 'timeout-now', term: 1 }))).toEqual([])
  })
})

describe('disruptive servers in Raft (thesis §4.2.3)', () => {
  test('a node that has just heard from a leader ignores a vote request and keeps its term', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, []))
    expect(node.message('n3', ask(7, 9, 9))).toEqual([])
    expect(node.state.term).toBe(1)
    node.timer('silence')
    expect(sent(node.message('n3', ask(7, 9, 9)))).toMatchObject([{ granted: true, term: 7 }])
  })

  test('a node that hears a leader still grants its vote to the target of a leadership transfer', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, []))
    const permitted = { ...ask(2, 9, 9), transfer: true } as RaftMessage
    expect(sent(node.message('n3', permitted))).toMatchObject([{ granted: true, term: 2 }])
  })
})

describe('reads by lease in Raft (thesis §6.4.1)', () => {
  const LEASE = { reads: 'lease', 'election-min-ms': 250, 'clock-drift': 1.25 }

  /** Returns a leader. A round that it began at 1,000 ms by its clock has been answered. */
  function leaseholder(bug?: string): Node {
    const node = createLeader({ settings: LEASE, bug })
    node.clock(1000)
    node.timer('heartbeat')
    node.clock(1020)
    node.message('n2', accept(node, 1, 2))
    return node
  }
  const read = (node: Node) => replies(node.request('r1', { f: 'read', key: 'x', value: null }))

  test.each([
    { at: 1020, answers: 1 },
    { at: 1199, answers: 1 },
    { at: 1200, answers: 0 },
  ])(
    'a lease lasts from the start of its round: at $at ms the leader answers $answers reads immediately',
    ({ at, answers }) => {
      const node = leaseholder()
      node.clock(at)
      expect(read(node)).toHaveLength(answers)
    },
  )

  test('with the bug lease-too-long, the leader still answers reads when its lease should have ended', () => {
    const node = leaseholder('lease-too-long')
    node.clock(1900)
    expect(read(node)).toHaveLength(1)
  })

  test.each([-900, 900])('a wall clock that jumps by %i ms neither prolongs nor ends the lease', (byMs) => {
    const node = leaseholder()
    node.jump(byMs)
    node.clock(1199)
    expect(read(node)).toHaveLength(1)
    node.clock(1200)
    expect(read(node)).toEqual([])
  })

  test('without a lease, a read waits for a round of heartbeats', () => {
    const node = leaseholder()
    node.clock(2000)
    expect(read(node)).toEqual([])
    expect(replies(node.message('n2', accept(node, 1, 3)))).toHaveLength(1)
  })

  test('the lease of a leader ends when the leader starts a leadership transfer', () => {
    const node = createLeader({ settings: { ...LEASE, 'transfer-ms': 100 } })
    node.clock(1000)
    node.timer('heartbeat')
    node.timer('transfer')
    node.timer('transfer')
    node.message('n2', accept(node, 1, 2))
    expect(read(node)).toEqual([])
  })

  test('a restarted node grants no vote before the shortest election timeout has passed', () => {
    const node = createNode({ settings: LEASE })
    expect(node.message('n2', ask(1, 0, 0))).toEqual([])
    node.timer('silence')
    expect(sent(node.message('n2', ask(1, 0, 0)))).toMatchObject([{ granted: true }])
  })
})

describe('membership changes in Raft (thesis §4.1)', () => {
  const settings = { 'resize-ms': 100 }
  const change = (term: number, members: readonly string[]): Entry => ({ term, command: null, members })
  const members = (node: Node) => node.state.configuration.members

  test('"a server always uses the latest configuration in its log, regardless of whether the entry is committed" (§6)', () => {
    const node = createNode({})
    const journal = recordsOf(node.message('n2', append(1, 0, 0, [entry(1, 1), change(1, ['n1', 'n2'])])))
    for (const one of [node, createNode({ journal })]) expect(members(one)).toEqual(['n1', 'n2'])
  })

  test('a membership change is undone if its entry is overwritten', () => {
    const node = createNode({})
    node.message('n2', append(1, 0, 0, [entry(1, 1), change(1, ['n1', 'n2'])]))
    node.message('n3', append(2, 1, 1, [entry(2, 2)]))
    expect(members(node)).toEqual(everybody)
  })

  test('a restart restores the members at a snapshot and the later changes in the log', () => {
    const node = createNode({ settings: { 'snapshot-entries': 2 } })
    const entries = [change(1, ['n1', 'n2']), entry(1, 1), change(1, everybody)]
    const journal = recordsOf(node.message('n2', append(1, 0, 0, entries, 2)))
    expect(node.state.snapshot?.members).toEqual(['n1', 'n2'])
    for (const one of [node, createNode({ journal })]) expect(members(one)).toEqual(everybody)
  })

  test('the next membership change waits until the current change is committed', () => {
    const node = createLeader({ settings })
    node.timer('resize')
    expect(members(node)).toHaveLength(2)
    const length = node.state.log.entries.length
    node.timer('resize')
    expect(node.state.log.entries).toHaveLength(length)
  })

  test('with the bug overlapping-changes, the next membership change does not wait', () => {
    const node = createLeader({ settings, bug: 'overlapping-changes' })
    node.timer('resize')
    const length = node.state.log.entries.length
    node.timer('resize')
    expect(node.state.log.entries).toHaveLength(length + 1)
  })

  test('a membership change waits until an entry of the leader’s own term is committed', () => {
    const node = createNode({ settings: { 'pre-vote': false, ...settings } })
    elect(node)
    node.timer('resize')
    expect(members(node)).toEqual(everybody)
  })

  test('a membership change is committed by a majority of the new members', () => {
    const node = createLeader({ settings })
    node.timer('resize')
    const [, voter = ''] = members(node)
    const removed = voter === 'n2' ? 'n3' : 'n2'
    node.message(removed, accept(node, 2, 0))
    expect(node.state.commitIndex).toBe(1)
    node.message(voter, accept(node, 2, 0))
    expect(node.state.commitIndex).toBe(2)
  })

  test('a removed leader "does not count itself in majorities", and steps down once its removal is committed', () => {
    const journal: RaftRecord[] = [{ kind: 'entries', from: 1, entries: [change(1, ['n2', 'n3'])] }]
    const node = createNode({ journal, settings: { 'pre-vote': false, ...settings } })
    node.timer('election')
    const granted: RaftMessage = { type: 'vote-reply', term: 1, asked: 1, granted: true }
    node.message('n2', granted)
    expect(node.status().leads).toBe(false)
    node.message('n3', granted)
    expect(node.status().leads).toBe(true)
    node.message('n2', accept(node, 2, 0))
    expect(node.state.commitIndex).toBe(0)
    node.message('n3', accept(node, 2, 0))
    expect(node.state.commitIndex).toBe(2)
    node.timer('resize')
    expect(node.status().leads).toBe(false)
  })
})
