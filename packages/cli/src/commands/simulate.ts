import { USUAL_OUT } from '@chaosproxy/engine'
import { workloadOptions } from '../arguments/workload.ts'
import type { Command } from '../command.ts'
import { executeFuzz } from '../fuzz/execute.ts'
import { FUZZ_DEFAULTS } from '../fuzz/settings.ts'
import { trialOptions } from '../fuzz/trial-options.ts'
import { reporterOptions } from '../reporting/choice.ts'
import { parseSimulateSettings, SIMULATE_DEFAULTS } from '../simulate/settings.ts'

export const simulateCommand: Command = {
  name: 'simulate',
  positional: '<program>',
  needs: 'the file of your Node program: chaos simulate ./server.ts --routes routes.json',
  summary: 'search simulated runs of your own Node program for a failure, and shrink it',
  options: {
    nodes: {
      type: 'string',
      default: SIMULATE_DEFAULTS.nodes,
      describe: 'how many nodes run the program',
      requiresArg: true,
    },
    routes: {
      type: 'string',
      describe: 'the route table that makes the requests of clients [default: routes.json beside the program]',
      requiresArg: true,
    },
    env: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'a variable of its environment, such as PEERS={peers}; {id}, {number}, {port}, {nodes} are filled in',
      requiresArg: true,
    },
    'power-loss': {
      type: 'boolean',
      describe: 'a kill takes the power: what was written and not fsynced may be lost, or torn',
    },
    arg: { type: 'string', array: true, nargs: 1, describe: 'an argument of the program', requiresArg: true },
    ...workloadOptions(),
    expect: {
      type: 'string',
      default: SIMULATE_DEFAULTS.expect,
      describe: 'the level to hold it to; none: only that it does not end by itself',
      requiresArg: true,
    },
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
    strategy: {
      type: 'string',
      describe: 'how to choose faults, comma-separated, as in chaos fuzz [default: several in turn]',
      requiresArg: true,
    },
    invariants: {
      type: 'boolean',
      default: true,
      describe: 'a program that ends by itself is a failure; --no-invariants starts it again instead',
    },
    'keep-going': { type: 'boolean', describe: 'do not stop at the first failure; show one of each cause' },
    shrink: {
      type: 'string',
      default: FUZZ_DEFAULTS.shrink,
      describe: 'how long to shrink a failure',
      requiresArg: true,
    },
    'verify-determinism': { type: 'boolean', describe: 'run every trial twice, and compare to the byte' },
    workers: { type: 'string', describe: 'how many threads [default: one for each core]', requiresArg: true },
    out: { type: 'string', default: USUAL_OUT, describe: 'directory for the failures found', requiresArg: true },
    ...reporterOptions(),
  },
  groups: {
    'What is simulated': ['nodes', 'routes', 'env', 'arg'],
    'What must hold': ['expect', 'invariants'],
    'What clients do': ['workload', 'workload-set', 'operations', 'keys', 'clients', 'mix', 'length'],
    'What goes wrong': ['faults', 'power-loss', 'drift', 'jump'],
    'How to search': ['seed', 'seeds', 'time', 'strategy', 'keep-going', 'shrink', 'verify-determinism', 'workers'],
    Output: ['out', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos simulate ./server.ts --nodes 3 --routes routes.json', 'every node runs server.ts, in virtual time'],
    ['chaos simulate ./server.ts --nodes 1 --faults none --seeds 50', 'races across awaits alone'],
  ],
  run: async (options) => executeFuzz(await parseSimulateSettings(options)),
}
