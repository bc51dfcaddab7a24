import type { Command } from '../command.ts'
import { executeFuzz } from '../fuzz/execute.ts'
import { parseSimulateSettings, simulateOptions } from '../simulate/settings.ts'

export const simulateCommand: Command = {
  name: 'simulate',
  positional: '<program>',
  needs:
    'the file of your Node program: chaos simulate ./server.ts --routes routes.json; or the name of a service in your configuration',
  summary: 'search simulated runs of your own Node program for a failure, and shrink it',
  options: simulateOptions(),
  common: ['nodes', 'routes', 'client', 'env', 'faults', 'seed', 'seeds', 'expect', 'out', 'json'],
  groups: {
    'What is simulated': ['nodes', 'routes', 'env', 'arg', 'redis', 'beside', 'http', 'config'],
    'What must hold': ['expect', 'invariants'],
    'What clients do': ['workload', 'workload-set', 'operations', 'keys', 'clients', 'mix', 'length'],
    'What goes wrong': ['faults', 'power-loss', 'drift', 'jump'],
    'How to search': ['seed', 'seeds', 'time', 'strategy', 'keep-going', 'shrink', 'verify-determinism', 'workers'],
    Output: ['out', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos simulate ./server.ts --nodes 3 --routes routes.json', 'every node runs server.ts, in virtual time'],
    ['chaos simulate ./server.ts --beside payments=./fake.ts', 'a server that it calls, played by a program of yours'],
    ['chaos simulate ./server.ts --client ./client.ts', 'requests that no route table can make, by your own code'],
    ['chaos simulate ./server.ts --nodes 1 --faults none --seeds 50', 'races across awaits alone'],
  ],
  run: async (options) => executeFuzz(await parseSimulateSettings(options)),
}
