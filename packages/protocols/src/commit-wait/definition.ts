import type { ProtocolDefinition, ProtocolOptions } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { createCommitWait } from './machine.ts'
import { settings } from './state.ts'

/** Returns by how many milliseconds the allowed clock error exceeds the largest error of a clock. */
const slackMs = ({
  'epsilon-ms': epsilonMs = settings['epsilon-ms'].default,
  'skew-ms': skewMs = settings['skew-ms'].default,
}: ProtocolOptions['settings']): number => Number(epsilonMs) - Number(skewMs)

export const commitWait: ProtocolDefinition = defineProtocol({
  name: 'commit-wait',
  summary: 'keys have owners and writes have times; a read sees all earlier writes if clocks differ by no more than ε',
  defaultNodes: 3,
  objects: ['register'],
  settings,
  bugs: {
    'no-wait': bug('a write is answered before its time has passed on all clocks', [], {
      settings: { order: 'commit-wait', 'epsilon-ms': 40, 'skew-ms': 40 },
    }),
    'trust-clock': bug('a reader takes its own clock for the true time', [], {
      settings: { order: 'uncertainty-interval', 'epsilon-ms': 40, 'skew-ms': 40 },
    }),
  },
  promises: (_, chosen) => (slackMs(chosen) >= 0 ? 'linearizable' : 'none'),
  // With smaller deviations, the clocks would hardly affect any result.
  strictest: { 'epsilon-ms': 40, 'skew-ms': 40 },
  // An unlimited clock fault exceeds any ε. A limited clock fault stays within ε.
  notUnder: ['clock'],
  clocks: (chosen) => ({ drift: 1, jumpMs: Math.max(0, slackMs(chosen)) }),
  create: createCommitWait,
})
