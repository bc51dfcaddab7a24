import { type Fault, linksBetween, type NodeId } from '@chaosproxy/faults'
import { type Input, type Json, millis } from '@chaosproxy/history'
import type { Asking, Ending, ExpectedGoodput, Mishap, Remark, Tale } from './story.ts'

// Words to write stories with.

/** Three nodes that keep registers. */
export const threeNodes: Pick<Tale, 'nodes' | 'workload' | 'seed'> = { nodes: 3, workload: 'register', seed: 1 }
/** The same, led by n1 when the story begins. */
export const ledByN1: typeof threeNodes & Pick<Tale, 'leader'> = { ...threeNodes, leader: 'n1' }

/** What a client asks, and the answer it must get. */
type Exchange = Pick<Asking, 'input' | 'answer'>

/** `Ana` asks `n1`. */
export const ask = (
  atMs: number,
  [who, node]: readonly [who: string, node: NodeId],
  exchange: Exchange,
  says: string,
): Asking => ({ type: 'asking', atMs: millis(atMs), who, node, ...exchange, says })

/** A request that is answered with this value. */
export const answered = (input: Input, value: Json): Exchange => ({ input, answer: { type: 'ok', value } })
/** A read that returns this value. */
export const sees = (key: string, value: Json): Exchange => answered(read(key), value)
/** An update that is confirmed. */
export const done = (input: Input): Exchange => answered(input, input.value)
/** A request that certainly has no effect; `because`: the reason given must begin like this. */
export const refused = (input: Input, because?: string): Exchange => ({
  input,
  answer: { type: 'fail', ...(because === undefined ? {} : { because }) },
})
/** A request without an answer: it may have taken effect. */
export const unanswered = (input: Input): Exchange => ({ input, answer: { type: 'info' } })

export const during = (
  [fromMs, toMs]: readonly [fromMs: number, toMs: number],
  fault: Fault,
  says: string,
): Mishap => ({ type: 'mishap', atMs: millis(fromMs), untilMs: millis(toMs), fault, says })

export const remark = (atMs: number, says: string): Remark => ({ type: 'remark', atMs: millis(atMs), says })

/** At least this share of the requests in this time is answered. */
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

/** At most this share of the requests in this time is answered. */
export const fewAnswered = (fromMs: number, untilMs: number, most = 0.1): ExpectedGoodput => ({
  fromMs: millis(fromMs),
  untilMs: millis(untilMs),
  least: 0,
  most,
})

/** The ending of a tale about a load: no history is judged. */
export const served = (goodput: readonly ExpectedGoodput[], says: string): Ending => ({
  verdicts: {},
  finally: {},
  goodput,
  says,
})

export const read = (key: string): Input => ({ f: 'read', key, value: null })
export const write = (key: string, value: Json): Input => ({ f: 'write', key, value })
/** Compare and set: takes effect only if the value is `old`. */
export const cas = (key: string, old: Json, next: Json): Input => ({ f: 'cas', key, value: [old, next] })
export const add = (key: string, value: Json): Input => ({ f: 'add', key, value })

/** Nothing passes between the groups; messages sent meanwhile arrive once the fault is over. */
export const cut = (...groups: readonly (readonly NodeId[])[]): Fault => ({
  kind: 'partition',
  mode: 'hold',
  links: linksBetween(groups),
})

/** The clock of a node runs ahead of the others by this much until the fault is over. */
export const clockAhead = (node: NodeId, offsetMs: number): Fault => ({
  kind: 'clock',
  nodes: [node],
  offsetMs: millis(offsetMs),
  driftPpm: 0,
})

const toClients = (nodes: readonly NodeId[]) => nodes.map((to) => ({ from: 'clients', to }))

/** Clients time out: their requests never arrive. */
export const loseRequest = (...nodes: readonly NodeId[]): Fault => ({
  kind: 'lose-request',
  silence: 'hang',
  links: toClients(nodes),
})

/** Clients time out: their requests are executed, and the replies never arrive. */
export const loseReply = (...nodes: readonly NodeId[]): Fault => ({
  kind: 'lose-reply',
  silence: 'hang',
  links: toClients(nodes),
})

/** Nothing arrives in this direction until the fault is over. */
export const stall = (from: NodeId, to: NodeId): Fault => ({ kind: 'partition', mode: 'hold', links: [{ from, to }] })

/** A node receives nothing from the others until the fault is over. */
export const deaf = (node: NodeId, ...others: readonly NodeId[]): Fault => ({
  kind: 'partition',
  mode: 'hold',
  links: others.map((from) => ({ from, to: node })),
})

/** Everything in this direction arrives this much later. */
export const late = (from: NodeId, to: NodeId, latencyMs: number): Fault => ({
  kind: 'latency',
  latencyMs: millis(latencyMs),
  jitterMs: millis(0),
  distribution: 'uniform',
  links: [{ from, to }],
})

/** Stopped, and resumed once the fault is over. */
export const paused = (...nodes: readonly NodeId[]): Fault => ({ kind: 'pause', nodes })

/** Killed, and restarted on the same disk once the fault is over. */
export const down = (...nodes: readonly NodeId[]): Fault => ({ kind: 'kill', nodes })
