import { elementsOf, FAIL, type History, inputOf, type Json, NULL, OK, outputOf, readsWhole } from '@chaosproxy/history'
import { withCompleteCas } from '../encoding/cas-values.ts'
import { NEVER } from '../encoding/encoded.ts'
import { functionTest, wrongAt } from '../encoding/operation-row.ts'
import type { IsMetBy, ModelEntry, RecordRules } from '../judge/entry.ts'
import { headlineOf } from '../judge/headline.ts'
import { consistency } from '../levels/levels.ts'
import { createChecker } from '../online/checker.ts'
import { strangeReads } from '../record/misreading.ts'
import { checkRegisters } from './check.ts'
import { registerFunctions } from './encoding/encode.ts'
import { registerRoom } from './online/room.ts'
import { requireSingleValues } from './single-values.ts'

/** The rules for unrecorded changes of a register. A write overwrites every earlier change. */
const registerRules: RecordRules = {
  mayLackInput: [],
  namesVersions: true,
  mayBeTaken: false,
  strangeReads,
  inFull: withCompleteCas,
  seenBefore,
}

/**
 * Some keys change without a record of the change; `positions[key + 1]` is the event position of the change. Returns a
 * function that takes the row of an operation. The function reports whether the operation may have written a value that
 * was read before the unrecorded change of its key.
 */
function seenBefore(history: History, positions: Int32Array, initial: Json): (row: number) => boolean {
  const { operations, functions, values } = history
  const { f, key, output, returnEvent, outcome } = operations
  const kinds = functions.map((name) => (readsWhole(name) ? 'read' : name))
  const initialId = values.id(initial)
  const idOf = (value: Json | undefined): number => values.id(value ?? null)
  // Null stands for the initial value.
  const nameOf = (row: number, id: number): string => `${key[row]} ${id === NULL ? initialId : id}`
  const pairOf = (row: number): readonly Json[] => {
    const pair = inputOf(history, row)
    return Array.isArray(pair) ? pair : []
  }
  const seen = new Set<string>()
  // Keys with a failed cas, which may have seen any value except one.
  const differing = new Set<number>()
  for (let row = 0; row < operations.length; row++) {
    const position = positions[key[row] + 1]
    if (position === NEVER) continue
    const kind = kinds[f[row]]
    if (kind === 'cas' && outcome[row] === FAIL && returnEvent[row] < position) differing.add(key[row])
    if (kind === 'cas') seen.add(nameOf(row, idOf(pairOf(row)[0])))
    else if (kind === 'read' && outcome[row] === OK && returnEvent[row] < position) seen.add(nameOf(row, output[row]))
  }
  return (row) => {
    const kind = kinds[f[row]]
    if (kind === 'read') return false
    if (kind === 'append' || differing.has(key[row])) return true
    const written = kind === 'cas' ? idOf(pairOf(row)[1]) : operations.input[row]
    return functions.includes('append') || seen.has(nameOf(row, written))
  }
}

/** Reports whether an operation counts as an observation. A failed cas counts if `failedCas` is `observes`. */
const observed: IsMetBy = (history, { failedCas }) => {
  const { outcome } = history.operations
  const isCas = functionTest(history, (name) => name === 'cas')
  return failedCas === 'observes'
    ? (row) => outcome[row] === OK || (outcome[row] === FAIL && isCas(row))
    : (row) => outcome[row] === OK
}

/** The register has its own checkers for every level. */
export const registerEntry: ModelEntry = {
  name: 'register',
  aliases: ['cas-register', 'kv-register', 'kv-cas-register', 'key-value'],
  summary: 'a value that is read, written, compared and set, and appended to',
  functions: registerFunctions,
  knows: (f) => registerFunctions.includes(f),
  vet: vetRegister,
  levels: consistency.levels,
  needs: [
    { what: 'read', functions: registerFunctions.filter((f) => readsWhole(f) || f === 'cas'), isMetBy: observed },
    { what: 'write', functions: registerFunctions.filter((f) => !readsWhole(f)) },
  ],
  judge: { ladder: consistency, sharesKeys: true, check: checkRegisters, headline: headlineOf },
  online: (options) => createChecker(registerRoom, options),
  record: registerRules,
}

/** @throws UserError for answers that no register can give. */
function vetRegister(history: History): void {
  requireSingleValues(history)
  const { functions, operations, values } = history
  const { f, outcome, output, length } = operations
  const cas = functions.indexOf('cas')
  const refused = cas < 0 ? -1 : values.id(false)
  const isRead = functions.map((name) => functions.includes('append') && readsWhole(name))
  if (cas < 0 && !isRead.includes(true)) return
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    if (f[row] === cas && output[row] === refused)
      throw wrongAt(
        history,
        row,
        `this cas has the type "ok", but its result is false. If this cas found another value, write "type":"fail".`,
      )
    if (isRead[f[row]] && elementsOf(outputOf(history, row)) !== undefined)
      throw wrongAt(
        history,
        row,
        `this read returned a list, but in the register model, appends extend a string. If your appends return offsets, give --model log. If they only extend a list, give --model list-append.`,
      )
  }
}
