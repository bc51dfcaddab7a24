import { type ProtocolDefinition, watchState } from '../definition.ts'
import { objects } from '../objects/registry.ts'
import { defineProtocol } from '../options.ts'
import { createLeaseLock } from './machine.ts'
import type { LeaseLockState } from './state.ts'

/** How many times as fast as another a monotonic clock may run. */
const DRIFT = 1.25

export const leaseLock: ProtocolDefinition = defineProtocol({
  name: 'lease-lock',
  weakness: ({ fencing = true }) =>
    fencing === false ? 'the store takes writes of a holder whose lease has ended' : undefined,
  summary:
    'nodes read and write a store under the leases of a lock service; the store fences off whoever lost the lock',
  defaultNodes: 5,
  // A lock in a store that is itself under locks would only confuse.
  objects: objects.map(({ name }) => name).filter((name) => name !== 'lock'),
  knobs: {
    fencing: {
      summary: 'the store refuses holders of the lock with a lower token than it has seen',
      default: true,
    },
    clock: {
      summary: 'what leases are measured by: wall clocks, which may differ and jump, or each node its monotonic clock',
      default: 'monotonic',
      values: ['wall', 'monotonic'],
      worthTrying: ['wall'],
    },
    'lease-ms': { summary: 'how long a lease lasts', default: 100, worthTrying: [20] },
    'clock-drift': {
      summary: 'how much faster one monotonic clock may run than another, as holders assume',
      default: DRIFT,
    },
    'retransmit-ms': {
      summary: 'how often a worker asks again for a busy lock, or for an answer that may be lost',
      default: 20,
    },
  },
  bugs: {
    'reuse-token': {
      summary: 'a lease that ran out is granted anew under its old token',
      under: { knobs: { 'lease-ms': 20 }, faults: ['delay', 'pause'] },
    },
    'fence-loads-only': {
      summary: 'tokens are compared when something is loaded, and not when the result is stored',
      under: { knobs: { 'lease-ms': 20 }, faults: ['delay', 'pause'] },
    },
    'fence-stores-only': {
      summary: 'a load with a higher token does not keep an earlier holder from storing',
      under: { knobs: { 'lease-ms': 20 }, faults: ['delay', 'pause'] },
    },
  },
  invariants: [
    {
      name: 'nothing is overwritten unseen',
      summary: 'with fencing, what is stored was made from what the store had until then',
      watch: watchState(({ fencing, clash }: LeaseLockState) => (fencing ? clash : undefined)),
    },
  ],
  // Leases so short that they often run out under their holders.
  strictest: { 'lease-ms': 20 },
  // Without fencing no clock helps: what a holder sends may arrive after its lease.
  promises: (_, { fencing }) => (fencing === false ? 'none' : 'linearizable'),
  // With fencing no holder looks at its clock, and those of the wall may be anywhere.
  clocks: ({ fencing, clock, 'clock-drift': drift = DRIFT }) =>
    fencing === false && clock !== 'wall' ? { drift: Number(drift) } : {},
  create: (chosen) =>
    createLeaseLock({
      object: chosen.object,
      bug: chosen.bug,
      leaseMs: chosen.ms('lease-ms'),
      drift: chosen.number('clock-drift'),
      clock: chosen.value('clock') === 'wall' ? 'wall' : 'monotonic',
      fencing: chosen.boolean('fencing'),
      retransmitMs: chosen.ms('retransmit-ms'),
    }),
})
