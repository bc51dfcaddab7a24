import { type ProtocolDefinition, watchState } from '../definition.ts'
import { objects } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createLeaseLock } from './machine.ts'
import type { LeaseLockState } from './state.ts'

/** The largest ratio of the rates of two monotonic clocks. */
const DRIFT = 1.25

export const leaseLock: ProtocolDefinition = defineProtocol({
  name: 'lease-lock',
  weakness: ({ fencing = true }) =>
    fencing === false ? 'the store takes writes of a holder whose lease has ended' : undefined,
  summary: 'nodes use a store under leases of a lock service; the store refuses nodes that lost the lock',
  defaultNodes: 5,
  // The object `lock` is left out, because it would be confusing to store a lock under another lock.
  objects: objects.map(({ name }) => name).filter((name) => name !== 'lock'),
  settings: {
    fencing: {
      summary: 'whether the store refuses holders with a lower token than it has seen',
      default: true,
    },
    clock: {
      summary: "the clocks that measure leases: wall clocks, which may differ and jump, or each node's monotonic clock",
      default: 'monotonic',
      values: ['wall', 'monotonic'],
      worthTrying: ['wall'],
    },
    'lease-ms': { summary: 'how long a lease lasts', default: 100, worthTrying: [20] },
    'clock-drift': {
      summary: 'the largest drift between two monotonic clocks that holders allow for, as a factor',
      default: DRIFT,
    },
    'retransmit-ms': {
      summary: 'how often a worker asks again for a busy lock or a missing reply',
      default: 20,
    },
  },
  bugs: {
    'reuse-token': bug('a lease that expired is granted anew under its old token', ['delay', 'pause'], {
      settings: { 'lease-ms': 20 },
    }),
    'fence-loads-only': bug(
      'tokens are compared when content is loaded, but not when the result is stored',
      ['delay', 'pause'],
      { settings: { 'lease-ms': 20 } },
    ),
    'fence-stores-only': bug(
      'a load with a higher token does not prevent an earlier holder from storing',
      ['delay', 'pause'],
      { settings: { 'lease-ms': 20 } },
    ),
  },
  invariants: [
    /** With fencing, a holder stores only if the content has not changed since the holder loaded it. */
    {
      name: 'nothing is overwritten unseen',
      watch: watchState(({ fencing, clash }: LeaseLockState) => (fencing ? clash : undefined)),
    },
  ],
  // With such short leases, a lease often expires while a node holds the lock.
  strictest: { 'lease-ms': 20 },
  // Without fencing, no clock bound suffices: a holder's message may arrive after its lease has expired.
  promises: (_, { fencing }) => (fencing === false ? 'none' : 'linearizable'),
  // With fencing, holders do not use their clocks, so no bound on drift is needed. For wall clocks, no bound is
  // assumed.
  clocks: ({ fencing, clock, 'clock-drift': drift = DRIFT }) =>
    fencing === false && clock !== 'wall' ? { drift: Number(drift) } : {},
  create: createLeaseLock,
})
