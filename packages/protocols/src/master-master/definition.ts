import type { ProtocolDefinition, ProtocolOptions, Weakness } from '../definition.ts'
import { defineProtocol } from '../options.ts'
import type { Conflicts } from './clock.ts'
import { masterMasterInvariants } from './invariants.ts'
import { createMasterMaster } from './machine.ts'
import { mergeables } from './mergeable.ts'
import { settled } from './settled.ts'

type Knobs = ProtocolOptions['knobs']

/**
 * The latest write by real time is the one that stays if clocks are right, and finer than the time from one write to the
 * next. Lamport clocks know nothing of real time.
 */
const settlesByTime = ({ conflicts = 'timestamp', siblings, 'resolution-ms': resolutionMs = 0 }: Knobs): boolean =>
  conflicts !== 'lamport' &&
  !(conflicts === 'version-vector' && siblings === 'all') &&
  Number(resolutionMs) <= FINEST_RESOLUTION_MS

const FINEST_RESOLUTION_MS = 0.1

/** In a bank, a node knows its own spending but not that of others at the same time. */
const isEventual = (object: string, knobs: Knobs): boolean =>
  object === 'counter' ? knobs['sums'] !== 'settle' : object !== 'bank' && settlesByTime(knobs)

/** Every node answers by itself. */
const weakness: Weakness = () => 'every node takes writes without asking the others, and settles conflicts later'

export const masterMaster: ProtocolDefinition = defineProtocol({
  name: 'master-master',
  weakness,
  summary:
    'every node takes writes and answers at once; conflicting writes are settled by a clock, and sums are merged',
  defaultNodes: 5,
  objects: Object.keys(mergeables),
  knobs: {
    conflicts: {
      summary:
        'how conflicting writes are settled: the latest by wall clock, by Lamport clock or by hybrid clock wins, or version vectors keep both',
      default: 'timestamp',
      values: ['timestamp', 'lamport', 'hybrid-clock', 'version-vector'],
    },
    siblings: {
      summary:
        'with version vectors: what a read of concurrent writes answers, the latest by wall clock or all in a list',
      default: 'latest',
      values: ['latest', 'all'],
    },
    sums: {
      summary: "counters and balances: merge adds up every node's changes, settle lets one of two results win",
      default: 'merge',
      values: ['merge', 'settle'],
    },
    'retransmit-ms': { summary: 'how often what was not confirmed is sent again', default: 100 },
    'resolution-ms': { summary: 'what timestamps are multiples of, in milliseconds', default: 0.1 },
  },
  bugs: {
    'no-tie-break': {
      summary: 'of two writes with the same timestamp each node keeps its own',
      under: { knobs: { 'resolution-ms': 50 } },
    },
    'forget-gossip': {
      summary: 'writes are passed on once, and never again to who missed them',
      under: { faults: ['loss'] },
    },
    'clock-ignorant': { summary: 'what arrives last wins, whatever its timestamp', under: { faults: ['delay'] } },
    'forget-received': {
      summary: "others' writes are confirmed without being stored, so a restart forgets them",
      under: { faults: ['kill'] },
    },
    'merge-by-arrival': {
      summary: 'of concurrent versions the one that arrives last is kept: a merge that is not commutative',
      under: { knobs: { conflicts: 'version-vector' } },
    },
    'forget-context': {
      summary: "a write's version vector leaves out what other nodes wrote, so it does not replace what it should",
      under: { knobs: { conflicts: 'version-vector' } },
    },
    'deaf-clock': {
      summary: 'a logical clock does not learn from the stamps it is sent, so a later write loses to an earlier one',
      under: { knobs: { conflicts: 'hybrid-clock', 'resolution-ms': 50 } },
    },
  },
  invariants: masterMasterInvariants,
  promises: (object, knobs) => (isEventual(object, knobs) ? 'eventual' : 'none'),
  // A write stamped by a slow clock loses to earlier ones.
  notUnder: ['clock'],
  create(chosen) {
    const { name } = chosen.object
    const mergeable = (chosen.value('sums') === 'settle' ? settled[name] : undefined) ?? mergeables[name]
    if (mergeable === undefined) throw new Error(`master-master cannot merge a ${name}`)
    return createMasterMaster({
      mergeable,
      conflicts: chosen.value('conflicts') as Conflicts,
      siblings: chosen.value('siblings') === 'all' ? 'all' : 'latest',
      retransmitMs: chosen.ms('retransmit-ms'),
      resolutionMs: chosen.ms('resolution-ms'),
      bug: chosen.bug,
    })
  },
})
