import type { Level } from '@chaos/checker'
import type { Command } from '../command.ts'
import { executeRun } from '../run/execute.ts'
import { parseRunSettings, RUN_DEFAULTS } from '../run/settings.ts'

export const runCommand: Command = {
  name: 'run',
  summary: 'hurt a cluster while clients use it, and say which consistency level it kept',
  options: {
    target: { type: 'string', describe: 'what to test; chaos targets lists them [default: raft]' },
    protocol: { type: 'string', describe: 'a protocol of your own instead: the file it is in' },
    nodes: { type: 'string', describe: 'how many nodes [default: the target decides]' },
    time: {
      type: 'string',
      default: RUN_DEFAULTS.time,
      describe: 'how long clients are at work: 500ms, 20s, 2m',
    },
    rate: {
      type: 'string',
      default: String(RUN_DEFAULTS.rate),
      describe: 'operations per second, over all clients together',
    },
    clients: {
      type: 'string',
      default: String(RUN_DEFAULTS.clients),
      describe: 'clients at work at the same time',
    },
    keys: { type: 'string', default: String(RUN_DEFAULTS.keys), describe: 'how many keys they use' },
    operations: {
      type: 'string',
      describe: 'read,write or read,write,cas [default: with cas where the target promises linearizability]',
    },
    timeout: {
      type: 'string',
      default: RUN_DEFAULTS.timeout,
      describe: 'how long a client waits for an answer',
    },
    faults: {
      type: 'string',
      default: RUN_DEFAULTS.faults,
      describe: 'which faults, comma-separated, or none; chaos targets --faults lists them',
    },
    seed: { type: 'string', describe: 'drives every choice of the run [default: drawn]' },
    expect: {
      type: 'string',
      describe: `exit with 1 unless this level is met, such as ${'linearizable' satisfies Level}`,
    },
    bug: {
      type: 'string',
      describe: 'give the target a deliberate mistake; chaos targets --bugs lists them',
    },
    set: {
      type: 'string',
      describe: 'turn a knob of the target, such as --set sync=1',
    },
    sim: { type: 'boolean', describe: 'in virtual time, in this process: repeatable to the byte' },
    'verify-determinism': { type: 'boolean', describe: 'with --sim: run twice, and compare to the byte' },
    out: {
      type: 'string',
      default: 'chaos-results',
      describe: 'where to make the directory of this run',
    },
    'check-timeout': { type: 'string', default: '60s', describe: 'how long checking may take' },
    json: { type: 'boolean', describe: 'print one JSON object on stdout instead of the page' },
  },
  examples: [
    ['chaos run', 'a 5-node Raft, partitioned, killed and paused for 20 s'],
    ['chaos run --target primary-replica --expect linearizable', 'finds a stale read and exits with 1'],
    ['chaos run --bug ack-before-majority', 'a Raft with a mistake in it'],
    ['chaos run --sim --seed 7 --faults partition,loss', 'the same protocol, simulated'],
  ],
  run: async (options) => executeRun(await parseRunSettings(options)),
}
