import { readJsonFile } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import type { Action } from './action.ts'
import type { RuleSetAnswer } from './control-types.ts'
import { renderFaults } from './tables.ts'

/** The actions of `chaos ctl` on the rule set. A new rule set replaces all faults of the previous one at once. */
export const ruleActions: readonly Action[] = [
  {
    names: ['rules'],
    usage: '',
    summary: 'print the rule set in force',
    async run({ client, style }) {
      const rules = (await client.get('/v1/rules')) as RuleSetAnswer
      return { data: rules, text: renderFaults(rules.faults, style) }
    },
  },
  {
    names: ['swap'],
    usage: 'FILE',
    summary: 'replace the rule set in one step by that of a JSON file with {"faults":[…]}',
    async run({ client, words, style }) {
      const [file] = words
      if (file === undefined || words.length > 1)
        throw usageError(
          'chaos ctl swap needs one file: chaos ctl swap FILE, with {"faults":[…]}. {"faults":[]} is an empty rule set.',
        )
      const rules = (await client.send('PUT', '/v1/rules', readJsonFile('chaos ctl swap', file))) as RuleSetAnswer
      const done = `  in force, as of epoch ${rules.epoch}:\n${renderFaults(rules.faults, style)}`
      return { data: rules, text: done }
    },
  },
]
