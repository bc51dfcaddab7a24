import { networks } from '@chaosproxy/scenarios'
import { queueOption } from '../arguments/queue.ts'
import type { Command } from '../command.ts'
import { executeCompare } from '../compare/execute.ts'
import { COMPARE_DEFAULTS, parseCompareSettings } from '../compare/settings.ts'
import { configOption } from '../config/own.ts'
import { reporterOptions } from '../reporting/choice.ts'

export const compareCommand: Command = {
  name: 'compare',
  positional: '',
  summary: 'measure systems side by side under the same faults: levels, availability, latency, losses',
  options: {
    targets: {
      type: 'string',
      array: true,
      nargs: 1,
      describe:
        'the systems, with settings: raft,primary-replica:sync=1:reads=primary [default: those of chaos.config.ts, or all systems]',
      requiresArg: true,
    },
    faults: {
      type: 'string',
      describe: `faults to compare under, each for the middle half of a run, or none [default: ${COMPARE_DEFAULTS.faults}]`,
      requiresArg: true,
    },
    sweep: {
      type: 'string',
      array: true,
      nargs: 1,
      describe:
        'a setting at several values, any number of times: sync=0..4, reads=primary,replica, or quorum=R1W3..R3W1 for two that move together',
      requiresArg: true,
    },
    network: {
      type: 'string',
      describe: `the network between the nodes: ${networks.map(({ name }) => name).join(', ')} [default: ${COMPARE_DEFAULTS.network}]`,
      requiresArg: true,
    },
    nodes: { type: 'string', describe: 'how many nodes [default: each system decides]', requiresArg: true },
    clients: { type: 'string', describe: `how many clients [default: ${COMPARE_DEFAULTS.clients}]`, requiresArg: true },
    rate: {
      type: 'string',
      describe: `operations per second, over all clients [default: ${COMPARE_DEFAULTS.rate}]`,
      requiresArg: true,
    },
    time: {
      type: 'string',
      describe: `how long each run lasts [default: ${COMPARE_DEFAULTS.time}]`,
      requiresArg: true,
    },
    timeout: {
      type: 'string',
      describe: `how long a client waits for a response [default: ${COMPARE_DEFAULTS.timeout}]`,
      requiresArg: true,
    },
    seeds: {
      type: 'string',
      describe: `runs of each system under each fault [default: ${COMPARE_DEFAULTS.seeds}]`,
      requiresArg: true,
    },
    seed: { type: 'string', describe: `the first seed [default: ${COMPARE_DEFAULTS.seed}]`, requiresArg: true },
    sim: { type: 'boolean', describe: 'in virtual time, which is the default' },
    real: { type: 'boolean', describe: 'on real processes, one run after the other' },
    ...queueOption,
    ...configOption,
    html: { type: 'string', describe: 'write it as an HTML page', requiresArg: true },
    ...reporterOptions(),
  },
  groups: {
    'What is compared': ['targets', 'sweep', 'nodes', 'network', 'sim', 'real', 'queue'],
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
