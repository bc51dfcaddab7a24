import type { ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createCommitWait } from './machine.ts'

const DEFAULT_MS = 10

export const commitWait: ProtocolDefinition = defineProtocol({
  name: 'commit-wait',
  summary: 'keys have owners and writes have times; a read sees all earlier writes if clocks differ by no more than ε',
  defaultNodes: 3,
  objects: ['register'],
  settings: {
    order: {
      summary:
        'who compensates for clocks that differ; commit-wait: writers wait; uncertainty-interval: reads include writes with slightly later times',
      default: 'commit-wait',
      values: ['commit-wait', 'uncertainty-interval'],
      worthTrying: ['uncertainty-interval'],
    },
    'epsilon-ms': {
      summary: 'the clock error that the protocol allows for (ε)',
      default: DEFAULT_MS,
    },
    'skew-ms': {
      summary: 'the largest error of a clock; each node draws its own error at each start',
      default: DEFAULT_MS,
    },
    'request-timeout-ms': { summary: 'how long a request waits for the owner of its key', default: 1000 },
  },
  bugs: {
    'no-wait': bug('a write is answered before its time has passed on all clocks', [], {
      settings: { order: 'commit-wait', 'epsilon-ms': 40, 'skew-ms': 40 },
    }),
    'trust-clock': bug('a reader takes its own clock for the true time', [], {
      settings: { order: 'uncertainty-interval', 'epsilon-ms': 40, 'skew-ms': 40 },
    }),
  },
  promises: (_, { 'epsilon-ms': epsilonMs = DEFAULT_MS, 'skew-ms': skewMs = DEFAULT_MS }) =>
    Number(skewMs) <= Number(epsilonMs) ? 'linearizable' : 'none',
  // With smaller deviations, the clocks would hardly affect any result.
  strictest: { 'epsilon-ms': 40, 'skew-ms': 40 },
  // A clock fault may exceed ε, the allowed clock error. A fault within the bounds of `clocks` does not.
  notUnder: ['clock'],
  clocks: ({ 'epsilon-ms': epsilonMs = DEFAULT_MS, 'skew-ms': skewMs = DEFAULT_MS }) => ({
    drift: 1,
    jumpMs: Math.max(0, Number(epsilonMs) - Number(skewMs)),
  }),
  create: createCommitWait,
})
