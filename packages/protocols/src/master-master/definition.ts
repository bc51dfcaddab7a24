import type { Json } from '@chaosproxy/history'
import type { ProtocolDefinition, ProtocolOptions } from '../definition.ts'
import { BALANCES, balancesAfter, movementOf, overdrawn } from '../objects/bank.ts'
import { amountOf, sumOf } from '../objects/counter.ts'
import { ok, UNKEYED, unsupported } from '../objects/object.ts'
import { bug, defineProtocol } from '../options.ts'
import { masterMasterInvariants } from './invariants.ts'
import { createMasterMaster } from './machine.ts'
import { type AnyMergeable, answered, type Copy, type Mergeable, mergeables, type Write } from './mergeable.ts'

type Settings = ProtocolOptions['settings']

/**
 * Whether the copies keep the write that is the latest in real time. This requires correct clocks, with a resolution
 * finer than the time between writes.
 */
const settlesByTime = ({ conflicts = 'timestamp', siblings, 'resolution-ms': resolutionMs = 0 }: Settings): boolean =>
  conflicts !== 'lamport' &&
  !(conflicts === 'version-vector' && siblings === 'all') &&
  Number(resolutionMs) <= FINEST_RESOLUTION_MS

const FINEST_RESOLUTION_MS = 0.1

/**
 * Whether all copies eventually become correct. The copies of a bank do not, because a node executes a transfer without
 * knowing the concurrent transfers of other nodes.
 */
const isEventual = (object: string, settings: Settings): boolean =>
  object === 'counter' ? settings['sums'] !== 'settle' : object !== 'bank' && settlesByTime(settings)

export const masterMaster: ProtocolDefinition = defineProtocol({
  name: 'master-master',
  weakness: ({ sums }, _nodes, object) => {
    const isSum = object === undefined || object === 'counter' || object === 'bank'
    if (isSum && sums === 'settle')
      return 'every node adds without asking the others, and one of two concurrent sums replaces the other'
    switch (object) {
      case 'counter':
        return 'every node adds without asking the others, and reads show only what a node has heard of'
      case 'bank':
        return 'every node pays without asking the others, and hears later what they paid'
      default:
        return 'every node takes writes without asking the others, and settles conflicts later'
    }
  },
  summary:
    'every node takes writes and answers without asking others; conflicting writes are settled by a clock, and sums are merged',
  defaultNodes: 5,
  objects: Object.keys(mergeables),
  settings: {
    conflicts: {
      summary:
        'which conflicting write wins: the latest by wall clock, by Lamport clock or by hybrid clock; with version vectors both are kept',
      default: 'timestamp',
      values: ['timestamp', 'lamport', 'hybrid-clock', 'version-vector'],
    },
    siblings: {
      summary: '(version vectors only) how concurrent writes are read: the latest by wall clock, or all in a list',
      default: 'latest',
      values: ['latest', 'all'],
    },
    sums: {
      summary: "counters and balances: `merge` adds up every node's changes, `settle` lets one of two results win",
      default: 'merge',
      values: ['merge', 'settle'],
    },
    'retransmit-ms': { summary: 'how often writes that were not confirmed are sent again', default: 100 },
    'resolution-ms': { summary: 'the resolution of timestamps, in milliseconds', default: 0.1 },
  },
  bugs: {
    'no-tie-break': bug('of two writes with the same timestamp each node keeps its own', [], {
      settings: { 'resolution-ms': 50 },
    }),
    'forget-gossip': bug('a write is sent to the other nodes once, and never again to a node that missed it', ['loss']),
    'clock-ignorant': bug('the write that arrives last wins, whatever its timestamp', ['delay']),
    'forget-received': bug("other nodes' writes are confirmed without being stored, so a restart forgets them", [
      'kill',
    ]),
    'merge-by-arrival': bug('of concurrent versions the last to arrive is kept, so merging is not commutative', [], {
      settings: { conflicts: 'version-vector' },
    }),
    'forget-context': bug(
      "the version vector of a write leaves out other nodes' writes, so the write does not replace them",
      [],
      { settings: { conflicts: 'version-vector' } },
    ),
    'deaf-clock': bug(
      'a logical clock ignores the stamps of other nodes, so a later write may lose to an earlier one',
      [],
      { settings: { conflicts: 'hybrid-clock', 'resolution-ms': 50 } },
    ),
  },
  invariants: masterMasterInvariants,
  promises: (object, settings) => (isEventual(object, settings) ? 'eventual' : 'none'),
  // A write stamped by a slow clock loses to earlier writes.
  notUnder: ['clock'],
  create(chosen) {
    const { name } = chosen.object
    const mergeable = (chosen.sums === 'settle' ? settled[name] : undefined) ?? mergeables[name]
    if (mergeable === undefined) throw new Error(`master-master cannot merge a ${name}`)
    return createMasterMaster({ ...chosen, mergeable })
  },
})

// A counter that is stored as a plain value. If two nodes compute a new value at the same time, one of the values is
// lost.

const settledWrite = (key: string, value: Json): Write => ({ key, value, timeless: false })

const counter: Mergeable<null> = {
  initial: () => null,
  took: () => {},
  perform(_, input, { versions }) {
    const { f, key = UNKEYED, value } = input
    const current = Number(versions.get(key)?.value ?? 0)
    if (f === 'read') return answered(ok(current))
    const amount = amountOf(input)
    if (amount === undefined) return answered(unsupported)
    return { result: ok(value), writes: [settledWrite(key, sumOf(current, amount))] }
  },
}

/** A bank whose items are the balances and the ids of executed transfers. */
const bank: Mergeable<null> = {
  initial: () => null,
  took: () => {},
  perform(_, input, copy) {
    if (input.f === 'read')
      return answered(ok(Object.fromEntries(accountsOf(copy).map((account) => [account, balanceOf(copy, account)]))))
    const movement = movementOf(input)
    if (movement === undefined) return answered(unsupported)
    const { id, moves } = movement
    const done = id === undefined ? undefined : JSON.stringify(['done', id])
    if (done !== undefined && copy.versions.has(done)) return answered(ok(input.value))
    const after = balancesAfter(moves, (account) => balanceOf(copy, account))
    if (after === undefined) return answered(overdrawn)
    const writes = [...after].map(([account, balance]) => settledWrite(itemOf(account), balance))
    return { result: ok(input.value), writes: done === undefined ? writes : [...writes, settledWrite(done, true)] }
  },
}

const itemOf = (account: string): string => JSON.stringify(['account', account])

const balanceOf = ({ versions }: Copy, account: string): number =>
  Number(versions.get(itemOf(account))?.value ?? BALANCES[account] ?? 0)

function accountsOf({ versions }: Copy): string[] {
  const accounts = new Set(Object.keys(BALANCES))
  for (const key of versions.keys()) {
    const [kind, account] = JSON.parse(key) as readonly [string, string]
    if (kind === 'account') accounts.add(account)
  }
  return [...accounts]
}

/** By object name. */
export const settled: { readonly [object: string]: AnyMergeable } = { counter, bank }
