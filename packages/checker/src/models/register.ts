import {
  FAIL,
  type History,
  INFO,
  int32Array,
  type Json,
  NULL,
  UserError,
  uint8Array,
  type ValueId,
} from '@chaos/history'
import { type Budget, STEPS_BETWEEN_LOOKS, unlimited } from '../budget.ts'
import { APPEND, CAS, type Decoder, DIFFERS, type Encoded, later, NEVER, READ, WRITE } from '../encoded.ts'
import { placeOf } from '../objects/part.ts'
import type { CheckOptions } from '../options.ts'
import { numberValues } from './value-numbers.ts'

/** The operations the register model knows, and what each does. `get` and `put` are Porcupine's words. */
const kinds: { readonly [f: string]: number } = {
  read: READ,
  get: READ,
  write: WRITE,
  put: WRITE,
  cas: CAS,
  append: APPEND,
}

/**
 * A register, or many of them by key: read, write, cas, and append on strings. The outcome rules are applied here, once:
 * `fail` is dropped (or, for cas, kept as an observation), `info` becomes optional, a read of unknown outcome says
 * nothing, null stands for the initial value. Of some keys only, where it is said which are wanted (-1: operations without
 * a key); keys are numbered as always.
 *
 * @throws UserError for an operation the model does not know, or a cas whose value is not `[old, new]`.
 * @throws OutOfTime
 */
export function encodeRegister(
  history: History,
  options: Pick<CheckOptions, 'initial' | 'failedCas'>,
  budget: Budget = unlimited,
  isWanted?: (key: number) => boolean,
): { readonly encoded: Encoded; readonly decoder: Decoder } {
  const { operations } = history
  const kindOf = history.functions.map((f) => (Object.hasOwn(kinds, f) ? kinds[f] : -1))
  const initialId = history.values.id(options.initial)
  const pairs = casPairs(history)

  const total = operations.length
  const {
    f,
    input,
    output,
    key: keyColumn,
    process: processColumn,
    outcome: outcomes,
    callEvent,
    returnEvent,
  } = operations
  const observesFailures = options.failedCas === 'observes'
  const row = int32Array(total)
  const kind = uint8Array(total)
  const expects = int32Array(total)
  const writes = int32Array(total)
  const named = history.keys.length > 0
  const key = int32Array(total)
  const calls = int32Array(total)
  const returns = int32Array(total)
  let length = 0
  let unkeyed = !named
  let hasConditional = false
  let hasAppend = false
  for (let i = 0; i < total; i++) {
    if ((i & STEPS_BETWEEN_LOOKS) === STEPS_BETWEEN_LOOKS) budget.look()
    let k = kindOf[f[i]]
    if (k === -1) throw unknownFunction(history, i)
    const outcome = outcomes[i]
    if (outcome === FAIL) {
      if (k !== CAS || !observesFailures) continue
      k = DIFFERS
    }
    if (outcome === INFO && k === READ) continue
    let value: number = NULL
    let next: number = initialId
    if (k === CAS || k === DIFFERS) {
      const pair = pairs(i)
      value = pair.from
      const from = pair.from === NULL ? initialId : pair.from
      const to = pair.to === NULL ? initialId : pair.to
      if (k === DIFFERS || from !== to) hasConditional = true
      if (k === CAS && from === to) {
        // It changes nothing: a read of that value which, where its outcome is unknown, says nothing.
        if (outcome === INFO) continue
        k = READ
      } else if (k === CAS) {
        next = to
      }
    } else {
      if (k === APPEND) hasAppend = true
      // Without a branch, which would be guessed wrong half of the time.
      const isRead = -Number(k === READ)
      value = (output[i] & isRead) | (input[i] & ~isRead)
    }
    if (value === NULL) value = initialId
    expects[length] = value
    writes[length] = next
    row[length] = i
    kind[length] = k
    if (named) {
      key[length] = keyColumn[i]
      if (keyColumn[i] < 0) unkeyed = true
      if (isWanted?.(keyColumn[i]) === false) continue
    }
    calls[length] = callEvent[i]
    returns[length] = outcome === INFO ? NEVER : returnEvent[i]
    length++
  }
  // Operations without a key are about one more object, beside the named ones.
  const shift = unkeyed ? 1 : 0
  if (named && shift === 1) for (let i = 0; i < length; i++) key[i] += shift
  const keys = Math.max(1, history.keys.length + shift)
  const ids = numberValues({ kind, expects, writes, length, hasConditional }, initialId, budget)
  const encoded: Encoded = {
    length,
    row,
    kind,
    expects,
    writes,
    key,
    processes: later(() => gathered(processColumn, row, length)),
    calls,
    returns,
    initial: 0,
    values: ids.length,
    names: ids,
    table: history.values,
    keys,
    hasConditional,
    hasAppend,
  }
  return {
    encoded,
    decoder: {
      history,
      value: (name) => history.values.json(name as ValueId),
      keyName: (k) => history.keys[k - shift],
    },
  }
}

function gathered(column: Int32Array, row: Int32Array, length: number): Int32Array {
  const some = int32Array(length)
  for (let i = 0; i < length; i++) some[i] = column[row[i]]
  return some
}

interface Pair {
  readonly from: number
  readonly to: number
}

/** The ids of the old and the new value of a cas, worked out once for each distinct input. */
function casPairs(history: History): (operation: number) => Pair {
  const known = new Map<number, Pair>()
  return (operation) => {
    const id = history.operations.input[operation]
    const pair = known.get(id)
    if (pair !== undefined) return pair
    const value: Json = history.values.json(id as ValueId)
    if (!Array.isArray(value) || value.length !== 2) {
      throw new UserError(
        'input',
        `${placeOf(history, operation)}: cas takes [old, new], not ${JSON.stringify(value)}. Write the value as a pair, e.g. "value":[1,2].`,
      )
    }
    const made: Pair = { from: history.values.id(value[0]), to: history.values.id(value[1]) }
    known.set(id, made)
    return made
  }
}

function unknownFunction(history: History, operation: number): UserError {
  const f = history.functions[history.operations.f[operation]]
  return new UserError(
    'input',
    `${placeOf(history, operation)}: the register model does not know the operation "${f}"; it knows ${Object.keys(kinds).join(', ')}. Check the model, or rename the operation.`,
  )
}
