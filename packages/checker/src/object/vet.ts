import { functionOf, type History, inputOf, OK, outputOf, type UserError } from '@chaosproxy/history'
import { wrongAt } from '../encoding/operation-row.ts'
import type { ObjectModel } from './model/object-model.ts'

const NULL_ID = 0
const NONE = -1

/** @throws UserError for values that have no meaning in the model. */
export function vetObject(
  history: History,
  model: string,
  { numbers, repeats, nameless, nonsenseIn }: ObjectModel,
): void {
  const nonsense = nonsenseIn?.(history)
  if (repeats === undefined && nameless === undefined && nonsense === undefined) return
  const numberOf = history.functions.map((f) => numbers[f] ?? NONE)
  const { length, f, input, output, outcome, key } = history.operations
  /** By key: the first operation that has a value and whose function has the number `nameless`. */
  const first = new Map<number, number>()
  for (let row = 0; row < length; row++) {
    const complaint = nonsense?.(row)
    if (complaint !== undefined) throw wrongAt(history, row, complaint)
    const number = numberOf[f[row]] ?? NONE
    if (input[row] === NULL_ID) continue
    if (repeats?.includes(number) === true && outcome[row] === OK && isOther(row)) throw otherValue(history, row, model)
    if (nameless !== number) continue
    const known = first.get(key[row])
    if (known === undefined) first.set(key[row], row)
    else if (input[known] !== input[row]) throw severalNames(history, known, row)
  }

  function isOther(row: number): boolean {
    if (output[row] === input[row] || output[row] === NULL_ID) return false
    // If a reply is of another kind than the requested value, it is probably a status such as "OK", or a number, and
    // not the value that took effect.
    return kindOf(inputOf(history, row)) === kindOf(outputOf(history, row))
  }
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

function otherValue(history: History, row: number, model: string): UserError {
  const [asked, answered] = [inputOf(history, row), outputOf(history, row)].map((value) => JSON.stringify(value))
  return wrongAt(
    history,
    row,
    `this ${functionOf(history, row)} asks for ${asked} and is answered with ${answered} (line ${history.operations.returnLine[row]}). The ${model} model cannot know which took effect. Write the correct value on both lines, or leave "value" out of the answer.`,
  )
}

function severalNames(history: History, known: number, row: number): UserError {
  const [first, second] = [known, row].map((each) => JSON.stringify(inputOf(history, each)))
  return wrongAt(
    history,
    row,
    `this ${functionOf(history, row)} has the value ${second}, and the operation on line ${history.operations.callLine[known]} has the value ${first}. The two cannot name one lock. If the values name locks, write them as "key": each key is a lock. If they name holders, leave them out: the process holds the lock.`,
  )
}
