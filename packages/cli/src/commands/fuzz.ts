import { USUAL_OUT } from '@chaosproxy/engine'
import { strategies } from '@chaosproxy/simulator'
import { queueOption } from '../arguments/queue.ts'
import { workloadOptions } from '../arguments/workload.ts'
import type { Command } from '../command.ts'
import { configOption } from '../config/own.ts'
import { executeFuzz } from '../fuzz/execute.ts'
import { FUZZ_DEFAULTS, parseFuzzSettings } from '../fuzz/settings.ts'
import { trialOptions } from '../fuzz/trial-options.ts'
import { reporterOptions } from '../reporting/choice.ts'

export const fuzzCommand: Command = {
  name: 'fuzz',
  positional: '',
  summary: 'search simulated runs for a failure of a protocol, and shrink it',
  options: {
    target: { type: 'string', describe: 'what to search; chaos targets lists them [default: raft]', requiresArg: true },
    protocol: { type: 'string', describe: 'a protocol of your own instead: its file', requiresArg: true },
    binary: {
      type: 'string',
      describe: 'a program of your own instead, one process per node: it answers events, lines of JSON on stdin',
      requiresArg: true,
    },
    bug: {
      type: 'string',
      describe: 'give it a deliberate bug; chaos targets --bugs lists them',
      requiresArg: true,
    },
    set: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'change a setting of it, such as --set sync=1',
      requiresArg: true,
    },
    ...workloadOptions(),
    expect: {
      type: 'string',
      describe: 'the level to hold it to; none: only its invariants [default: what it promises]',
      requiresArg: true,
    },
    nodes: { type: 'string', describe: 'how many nodes [default: three or five]', requiresArg: true },
    operations: {
      type: 'string',
      default: FUZZ_DEFAULTS.operations,
      describe: 'operations per trial: short trials find more in the same time',
      requiresArg: true,
    },
    ...trialOptions,
    seed: {
      type: 'string',
      default: '1',
      describe: 'the first seed; each trial has one of its own',
      requiresArg: true,
    },
    seeds: { type: 'string', describe: 'stop after this many seeds', requiresArg: true },
    time: { type: 'string', describe: `stop after this long [default: ${FUZZ_DEFAULTS.time}]`, requiresArg: true },
    for: {
      type: 'string',
      describe: 'search this long, such as 8h, and do not stop at failures: --time with --keep-going',
      requiresArg: true,
    },
    strategy: {
      type: 'string',
      describe: `how to choose faults, comma-separated: ${strategies.map(({ name }) => name).join(', ')} [default: all but coverage, in turn, windows and leaders more often]`,
      requiresArg: true,
    },
    invariants: {
      type: 'boolean',
      default: true,
      describe: "check the protocol's own invariants, too; --no-invariants checks histories only",
    },
    guide: {
      type: 'boolean',
      default: true,
      describe: 'after a broken invariant, search on until a client sees it; --no-guide stops at the invariant',
    },
    'keep-going': { type: 'boolean', describe: 'do not stop at the first failure; show one of each cause' },
    shrink: {
      type: 'string',
      default: FUZZ_DEFAULTS.shrink,
      describe: 'how long to shrink a failure',
      requiresArg: true,
    },
    'verify-determinism': { type: 'boolean', describe: 'run every trial twice, and compare to the byte' },
    ...queueOption,
    workers: { type: 'string', describe: 'how many threads [default: one for each core]', requiresArg: true },
    ...configOption,
    out: { type: 'string', default: USUAL_OUT, describe: 'directory for the failures found', requiresArg: true },
    ...reporterOptions(),
  },
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
    ],
    Output: ['out', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos fuzz --bug stale-read', 'finds a Raft that reads from a deposed leader, within a second'],
    ['chaos fuzz --target primary-replica --set sync=all --set reads=primary --time 60s', 'search for a minute'],
    ['chaos fuzz --protocol ./mine.ts --faults clock,kill --drift 20% --jump 0', 'clocks that drift and never jump'],
    ["chaos fuzz --binary 'python3 node.py' --seeds 50", 'nodes in any language, in virtual time'],
    ['chaos fuzz --seeds 20000 --json', 'for CI: exits with 1 when something was found'],
  ],
  run: async (options) => executeFuzz(await parseFuzzSettings(options)),
}
