import type { Command } from '../command.ts'
import { executeScenario } from '../scenario/execute.ts'
import { parseScenarioSettings, scenarioOptions } from '../scenario/settings.ts'

export const scenarioCommand: Command = {
  name: 'scenario',
  positional: '[name]',
  summary: 'play a textbook accident step by step, or list them all',
  options: scenarioOptions(),
  groups: {
    'How to play it': ['fix', 'real'],
    Output: ['html', 'force', 'json'],
  },
  examples: [
    ['chaos scenario', 'the stories, with a line each'],
    ['chaos scenario burrito-and-taco', 'how to spend $15 of $10'],
    ['chaos scenario burrito-and-taco --fix', 'and how not to'],
    ['chaos scenario split-brain --html story.html', 'a page to show to others'],
  ],
  run: async (options) => executeScenario(parseScenarioSettings(options)),
}
