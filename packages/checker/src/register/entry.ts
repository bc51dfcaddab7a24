import { FAIL, OK } from '@chaosproxy/history'
import type { IsMetBy, ModelEntry } from '../judge/entry.ts'
import { headlineOf } from '../judge/headline.ts'
import { consistency } from '../levels/levels.ts'
import { checkRegisters } from './check.ts'
import { registerRules } from './record-rules.ts'
import { vetRegister } from './vet.ts'

const functions: readonly string[] = ['read', 'write', 'cas', 'get', 'put', 'append']

/** A read that succeeded or, where that counts as having seen another value, a cas that failed. */
const observed: IsMetBy = ({ functions, operations: { f, outcome } }, { failedCas }) => {
  const isCas = functions.map((name) => name === 'cas')
  return failedCas === 'observes'
    ? (row) => outcome[row] === OK || (outcome[row] === FAIL && isCas[f[row]])
    : (row) => outcome[row] === OK
}

/** The register has its own checkers for every level. */
export const registerEntry: ModelEntry = {
  name: 'register',
  aliases: ['cas-register', 'kv-register', 'kv-cas-register', 'key-value'],
  summary: 'a value that is read, written, compared and set, and appended to',
  functions,
  knows: (f) => functions.includes(f),
  vet: vetRegister,
  levels: consistency.levels,
  needs: [
    { what: 'read', functions: ['read', 'get', 'cas'], isMetBy: observed },
    { what: 'write', functions: ['write', 'put', 'append', 'cas'] },
  ],
  judge: { ladder: consistency, sharesKeys: true, check: checkRegisters, headline: headlineOf },
  record: registerRules,
}
