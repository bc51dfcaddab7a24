import { type Fault, linksBetween, type NodeId } from '@chaosproxy/faults'
import { type Input, type Json, millis } from '@chaosproxy/history'
import type { Answer, Asking, ExpectedGoodput, Mishap, Remark } from './story.ts'

// Words to write stories with.

/** `Ana` asks `n1`. */
export const ask = (
  atMs: number,
  [who, node]: readonly [who: string, node: NodeId],
  input: Input,
  answer: Answer,
  says: string,
): Asking => ({ type: 'asking', atMs: millis(atMs), who, node, input, answer, says })

export const during = (
  [fromMs, toMs]: readonly [fromMs: number, toMs: number],
  fault: Fault,
  says: string,
): Mishap => ({ type: 'mishap', atMs: millis(fromMs), untilMs: millis(toMs), fault, says })

export const remark = (atMs: number, says: string): Remark => ({ type: 'remark', atMs: millis(atMs), says })

/** At least this share of what is asked in the meantime is answered. */
export const mostAnswered = (
  fromMs: number,
  untilMs: number,
  least = 0.9,
  leastOnProcesses: number = least,
): ExpectedGoodput => ({
  fromMs: millis(fromMs),
  untilMs: millis(untilMs),
  least,
  leastOnProcesses,
  most: 2,
})

/** At most this share of what is asked in the meantime is answered. */
export const fewAnswered = (fromMs: number, untilMs: number, most = 0.1): ExpectedGoodput => ({
  fromMs: millis(fromMs),
  untilMs: millis(untilMs),
  least: 0,
  most,
})

export const read = (key: string): Input => ({ f: 'read', key, value: null })
export const write = (key: string, value: Json): Input => ({ f: 'write', key, value })
/** Compare and set: takes effect only if the value is `old`. */
export const cas = (key: string, old: Json, next: Json): Input => ({ f: 'cas', key, value: [old, next] })
export const add = (key: string, value: Json): Input => ({ f: 'add', key, value })

export const ok = (value: Json): Answer => ({ type: 'ok', value })
/** Told that nothing happened. */
export const refused: Answer = { type: 'fail' }
/** Told that nothing happened, and why. */
export const refusedBecause = (because: string): Answer => ({ type: 'fail', because })
/** Told nothing: it may have happened. */
export const unanswered: Answer = { type: 'info' }

/** Nothing passes between the groups; what was sent meanwhile arrives once it is over. */
export const cut = (...groups: readonly (readonly NodeId[])[]): Fault => ({
  kind: 'partition',
  mode: 'hold',
  links: linksBetween(groups),
})

/** The clocks of a node run ahead of the others by so much, until the fault is over. */
export const clockAhead = (node: NodeId, offsetMs: number): Fault => ({
  kind: 'clock',
  nodes: [node],
  offsetMs: millis(offsetMs),
  driftPpm: 0,
})

const toClients = (nodes: readonly NodeId[]) => nodes.map((to) => ({ from: 'clients', to }))

/** Clients wait in vain: their requests never arrive. */
export const loseRequest = (...nodes: readonly NodeId[]): Fault => ({
  kind: 'lose-request',
  silence: 'hang',
  links: toClients(nodes),
})

/** Clients wait in vain: their requests are carried out, and the answers never arrive. */
export const loseReply = (...nodes: readonly NodeId[]): Fault => ({
  kind: 'lose-reply',
  silence: 'hang',
  links: toClients(nodes),
})

/** Nothing passes in this direction until it is over; it then arrives. */
export const stall = (from: NodeId, to: NodeId): Fault => ({ kind: 'partition', mode: 'hold', links: [{ from, to }] })

/** A node hears nothing of what the others send, until it is over. */
export const deaf = (node: NodeId, ...others: readonly NodeId[]): Fault => ({
  kind: 'partition',
  mode: 'hold',
  links: others.map((from) => ({ from, to: node })),
})

/** What passes in this direction arrives so much later. */
export const late = (from: NodeId, to: NodeId, latencyMs: number): Fault => ({
  kind: 'latency',
  latencyMs: millis(latencyMs),
  jitterMs: millis(0),
  distribution: 'uniform',
  links: [{ from, to }],
})

/** Stopped, and going on where it was once it is over. */
export const paused = (...nodes: readonly NodeId[]): Fault => ({ kind: 'pause', nodes })

/** Killed, and started again on the same disk once it is over. */
export const down = (...nodes: readonly NodeId[]): Fault => ({ kind: 'kill', nodes })
