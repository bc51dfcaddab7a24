import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '../definition.ts'
import { chooseOptions, type Declared } from '../options.ts'
import { masterMasterInvariants } from './invariants.ts'
import { createMasterMaster } from './machine.ts'
import { mergeables } from './mergeable.ts'

const declared = {
  name: 'master-master',
  objects: Object.keys(mergeables),
  knobs: [
    { name: 'retransmit-ms', summary: 'how often what was not confirmed is sent again', default: 100 },
    { name: 'resolution-ms', summary: 'what timestamps are multiples of, in milliseconds', default: 0.1 },
  ],
  bugs: [
    {
      name: 'no-tie-break',
      summary: 'of two writes with the same timestamp each node keeps its own',
      under: { knobs: { 'resolution-ms': 50 } },
    },
    {
      name: 'forget-gossip',
      summary: 'writes are passed on once, and never again to who missed them',
      under: { faults: ['loss'] },
    },
    { name: 'clock-ignorant', summary: 'what arrives last wins, whatever its timestamp', under: { faults: ['delay'] } },
    {
      name: 'forget-received',
      summary: "others' writes are confirmed without being stored, so a restart forgets them",
      under: { faults: ['kill'] },
    },
  ],
} as const satisfies Declared

export const masterMaster: ProtocolDefinition = {
  ...declared,
  marks: true,
  invariants: masterMasterInvariants,
  summary: 'every node takes writes and answers at once; the last writer wins by timestamp, and sums are merged',
  defaultNodes: 5,
  // In a bank, a node knows its own spending but not that of others at the same time.
  promises: (object) => (object === 'bank' ? 'none' : 'eventual'),
  // A write stamped by a slow clock loses to earlier ones.
  notUnder: ['clock'],
  create(options) {
    const chosen = chooseOptions(declared, options)
    const mergeable = mergeables[chosen.object.name]
    if (mergeable === undefined) throw new Error(`master-master cannot merge a ${chosen.object.name}`)
    return createMasterMaster({
      mergeable,
      retransmitMs: millis(chosen.number('retransmit-ms')),
      resolutionMs: millis(chosen.number('resolution-ms')),
      bug: chosen.bug,
    })
  },
}
