import type { Command } from '../command.ts'
import { configOption } from '../config/own.ts'
import { executeReplay } from '../replay/execute.ts'
import { parseReplaySettings } from '../replay/settings.ts'
import { trustOption } from '../trust/admit.ts'

export const replayCommand: Command = {
  name: 'replay',
  positional: '<file>',
  needs: 'the file that chaos fuzz wrote: chaos replay FILE',
  summary: 'replay a failure that chaos fuzz found, in the simulator or on real processes',
  options: {
    real: { type: 'boolean', describe: 'on real processes, with real faults: the same scenario, another interleaving' },
    times: { type: 'string', default: '1', describe: 'play it this many times', requiresArg: true },
    expect: {
      type: 'string',
      describe: 'the level to hold it to [default: what the target promises]',
      requiresArg: true,
    },
    invariants: {
      type: 'boolean',
      default: true,
      describe: "check the protocol's own invariants, too, where the file says so",
    },
    protocol: { type: 'string', describe: 'the file of your own protocol, if it moved', requiresArg: true },
    workload: { type: 'string', describe: 'the file of your own workload, if it moved', requiresArg: true },
    program: { type: 'string', describe: 'the file of your own Node program, to allow it', requiresArg: true },
    binary: { type: 'string', describe: 'your own program, as it is started here', requiresArg: true },
    ...trustOption,
    ...configOption,
    json: { type: 'boolean', describe: 'print one JSON object on stdout instead of the page' },
  },
  groups: {
    'How to replay': ['real', 'times', 'expect', 'invariants', 'protocol', 'program', 'binary', 'workload', 'trust'],
    Output: ['json'],
  },
  examples: [
    ['chaos replay not-linearizable.json', 'the same history, to the byte'],
    ['chaos replay not-linearizable.json --real --times 10', 'the same faults at the same times, on real nodes'],
  ],
  run: async (options) => executeReplay(await parseReplaySettings(options)),
}
