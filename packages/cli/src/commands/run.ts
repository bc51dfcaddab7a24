import type { Command } from '../command.ts'
import { executeRun } from '../run/execute.ts'
import { parseRunSettings, runOptions } from '../run/settings.ts'

export const runCommand: Command = {
  name: 'run',
  positional: '[run]',
  summary: 'break a cluster under load and report which consistency level survived',
  positionals: { run: 'a run that chaos.config.ts names; without it, options and defaults say what to run' },
  options: runOptions(),
  common: ['target', 'nodes', 'workload', 'time', 'faults', 'seed', 'sim', 'expect', 'require', 'ui', 'json'],
  groups: {
    'What is tested': [
      'target',
      'protocol',
      'binary',
      'nodes',
      'set',
      'bug',
      'config',
      'spec',
      'program',
      'beside',
      'client',
      'trust',
    ],
    'What clients do': ['workload', 'workload-set', 'time', 'rate', 'clients', 'keys', 'operations', 'timeout'],
    'Who drives the clients': ['queue', 'workers', 'reach'],
    'What goes wrong': ['faults', 'seed', 'times', 'sim', 'verify-determinism'],
    'What must hold': ['expect', 'require', 'stop-on-violation', 'baseline', 'tolerance', 'check-timeout'],
    Output: ['ui', 'ui-listen', 'out', 'events', 'otel', 'metrics', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos run', 'a 5-node Raft, partitioned, killed and paused for 20 s'],
    ['chaos run --target primary-replica --expect linearizable', 'finds a stale read and exits with 1'],
    ['chaos run --bug ack-before-majority', 'a Raft with a bug: exits with 1, since it breaks its promise'],
    ['chaos run --require "availability >= 99%" --require "lost == 0"', 'gate on more than consistency'],
    ['chaos run --times 20 --sim', '20 seeds, and how often it happens'],
    ['chaos run --spec chaos-results/DIR/run.json', 'repeat a run'],
    ['chaos run nightly', 'the run that chaos.config.ts calls nightly'],
    ['chaos run --ui', 'watch it on a live page, and cut links by hand'],
    ['chaos run --sim --seed 7 --faults partition,loss', 'the same protocol, simulated'],
  ],
  run: async (options) => executeRun(await parseRunSettings(options)),
}
