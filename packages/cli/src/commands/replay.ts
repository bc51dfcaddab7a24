import type { Command } from '../command.ts'
import { executeReplay } from '../replay/execute.ts'
import { parseReplaySettings, replayOptions } from '../replay/settings.ts'

export const replayCommand: Command = {
  name: 'replay',
  positional: '<file>',
  needs: 'the file that chaos fuzz wrote: chaos replay FILE',
  summary: 'replay a failure that chaos fuzz found, in the simulator or on real processes',
  options: replayOptions(),
  groups: {
    'How to replay': [
      'real',
      'times',
      'expect',
      'invariants',
      'protocol',
      'program',
      'beside',
      'client',
      'binary',
      'workload',
      'trust',
    ],
    Debugging: ['inspect', 'inspect-port'],
    Output: ['json'],
  },
  examples: [
    ['chaos replay not-linearizable.json', 'the same history, to the byte'],
    ['chaos replay not-linearizable.json --real --times 10', 'the same faults at the same times, on real nodes'],
    ['chaos replay not-linearizable.json --inspect', 'the same race under a debugger, in which time stands still'],
  ],
  run: async (options) => executeReplay(await parseReplaySettings(options)),
}
