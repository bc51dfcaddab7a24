import type { Command } from '../command.ts'
import { executeCompare } from '../compare/execute.ts'
import { compareOptions, parseCompareSettings } from '../compare/settings.ts'

export const compareCommand: Command = {
  name: 'compare',
  positional: '',
  summary: 'measure systems side by side under the same faults: levels, availability, latency, losses',
  options: compareOptions(),
  common: ['targets', 'sweep', 'nodes', 'time', 'faults', 'seeds', 'html', 'json'],
  groups: {
    'What is compared': ['targets', 'sweep', 'nodes', 'network', 'sim', 'real', 'queue', 'priority'],
    'What clients do': ['clients', 'rate', 'time', 'timeout'],
    'What goes wrong': ['faults', 'seeds', 'seed'],
    Output: ['html', 'force', 'json'],
  },
  examples: [
    ['chaos compare --html compare.html', 'every system under the usual faults'],
    ['chaos compare --targets raft,master-master --faults partition', 'two systems, one fault'],
    [
      'chaos compare --targets primary-replica:reads=primary --sweep sync=0..4 --network geo',
      'the price of each replica',
    ],
    ['chaos compare --sweep quorum=R1W3..R3W1 --sweep sync=0..4', 'two curves in one page'],
  ],
  run: async (options) => executeCompare(await parseCompareSettings(options)),
}
