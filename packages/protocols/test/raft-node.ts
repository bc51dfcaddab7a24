import { type Input, type Json, type Millis, millis } from '@chaosproxy/history'
import { expect } from 'vitest'
import type { MachineEvent, ProtocolSettingValue, Session } from '../src/index.ts'
import { findProtocol } from '../src/index.ts'
import type { RaftEffect, RaftMessage, RaftRecord, RaftState } from '../src/raft/state.ts'
import type { SessionedCopy } from '../src/routing/sessions.ts'

/** Elections in one step. */
export const NO_PRE_VOTE = { 'pre-vote': false }

export interface NodeOptions {
  readonly journal?: readonly RaftRecord[]
  readonly bug?: string | undefined
  readonly settings?: { readonly [name: string]: ProtocolSettingValue }
}

/** Creates the node n1 of a cluster of three. The test passes every event to the node. */
export function createNode(options: NodeOptions) {
  const machine = findProtocol('raft')!.create({ bug: options.bug, settings: options.settings ?? {} })
  let now: Millis = millis(0)
  let jumpedMs = 0
  const started = machine.start({ id: 'n1', peers: ['n2', 'n3'], seed: 1 }, options.journal ?? [], now)
  let state = started.state as RaftState
  function step(event: MachineEvent<RaftMessage>): readonly RaftEffect[] {
    const transition = machine.step(state, event, millis(now + jumpedMs), now)
    state = transition.state
    return transition.effects as readonly RaftEffect[]
  }
  return {
    get state() {
      return state
    },
    /** Sets its clocks. */
    clock(time: number): void {
      now = millis(time)
    },
    /** Changes the node's wall clock, but not its monotonic one. */
    jump(byMs: number): void {
      jumpedMs += byMs
    },
    status: () => machine.status(state),
    timer: (timer: string) => step({ type: 'timer', timer }),
    message: (from: string, message: RaftMessage) => step({ type: 'message', from, message }),
    request: (requestId: string, input: Input, session?: Session) =>
      step({ type: 'request', requestId, input, session }),
  }
}

/** The registers in this node's copy. */
export const registersOf = ({ copy }: { readonly copy: SessionedCopy }): Map<string, Json> =>
  copy.held as Map<string, Json>

export type Node = ReturnType<typeof createNode>

export const sent = (effects: readonly RaftEffect[]): RaftMessage[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))

export const replies = (effects: readonly RaftEffect[]) => effects.filter((effect) => effect.type === 'reply')

export const write = (value: number): Input => ({ f: 'write', key: 'x', value })

export const entry = (term: number, value: number) => ({ term, command: { input: write(value) } })

export const ask = (term: number, lastIndex: number, lastTerm: number): RaftMessage => ({
  transfer: false,
  type: 'vote',
  term,
  lastIndex,
  lastTerm,
})

export const accept = (node: Node, match: number, round: number): RaftMessage => ({
  type: 'append-reply',
  term: node.state.term,
  round,
  prevIndex: match,
  success: true,
  match,
  conflictTerm: 0,
  conflictIndex: 0,
})

/** Makes the node the leader. The settings of the node must turn pre-vote off. */
export function elect(node: Node): void {
  node.timer('election')
  node.message('n2', { type: 'vote-reply', term: node.state.term, asked: node.state.term, granted: true })
  expect(node.status()).toMatchObject({ role: 'leader', leads: true })
}

/** Returns the records that survive a crash. */
export const recordsOf = (effects: readonly RaftEffect[]): RaftRecord[] =>
  effects.flatMap((effect) => (effect.type === 'persist' ? [effect.record] : []))

/** Returns an elected leader. Its no-op, which it sent in round 1, is committed. */
export function createLeader(options: NodeOptions): Node {
  const node = createNode({ ...options, settings: { ...NO_PRE_VOTE, ...options.settings } })
  elect(node)
  node.message('n2', accept(node, 1, 1))
  return node
}
