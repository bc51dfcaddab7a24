import { type Command, flagOf, textOf } from '../command.ts'
import { tellCampaigns } from '../fuzz/campaigns.ts'
import { executeFuzz } from '../fuzz/execute.ts'
import { fuzzOptions, parseFuzzSettings } from '../fuzz/settings.ts'

export const fuzzCommand: Command = {
  name: 'fuzz',
  positional: '',
  summary: 'search simulated runs for a failure of a protocol, and shrink it',
  options: fuzzOptions(),
  common: ['target', 'protocol', 'bug', 'expect', 'faults', 'seed', 'seeds', 'workers', 'out', 'json'],
  groups: {
    'What is searched': ['target', 'protocol', 'binary', 'bug', 'set', 'nodes', 'config'],
    'What must hold': ['expect', 'invariants'],
    'What clients do': ['workload', 'workload-set', 'operations', 'keys', 'clients', 'mix', 'length'],
    'What goes wrong': ['faults', 'drift', 'jump'],
    'How to search': [
      'seed',
      'seeds',
      'time',
      'for',
      'strategy',
      'guide',
      'keep-going',
      'shrink',
      'verify-determinism',
      'workers',
      'queue',
      'priority',
      'campaign',
      'campaigns',
    ],
    Output: ['out', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos fuzz --bug stale-read', 'finds a Raft that reads from a deposed leader, within a second'],
    ['chaos fuzz --target primary-replica --set sync=all --set reads=primary --time 60s', 'search for a minute'],
    ['chaos fuzz --protocol ./mine.ts --faults clock,kill --drift 20% --jump 0', 'clocks that drift and never jump'],
    ["chaos fuzz --binary 'python3 node.py' --seeds 50", 'nodes in any language, in virtual time'],
    [
      'chaos fuzz --campaign nightly --for 8h --queue env:CHAOS_QUEUE',
      'a night by the workers of a queue, kept by name',
    ],
    ['chaos fuzz --seeds 20000 --json', 'for CI: exits with 1 when something was found'],
  ],
  async run(options) {
    if (flagOf(options, 'campaigns')) return tellCampaigns(textOf(options, 'queue'))
    return executeFuzz(await parseFuzzSettings(options))
  },
}
