import { FAIL, type History, INFO, type Json, NULL, UserError, type ValueId } from '@chaos/history'
import { APPEND, CAS, type Decoder, DIFFERS, type Encoded, NEVER, NOTHING, READ, WRITE } from '../encoded.ts'
import type { CheckOptions } from '../options.ts'

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
 */
export function encodeRegister(
  history: History,
  options: Pick<CheckOptions, 'initial' | 'failedCas'>,
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
  const row = new Int32Array(total)
  const kind = new Uint8Array(total)
  const expects = new Int32Array(total)
  const writes = new Int32Array(total)
  const named = history.keys.length > 0
  const key = new Int32Array(named ? total : 0)
  const calls = new Int32Array(total)
  const returns = new Int32Array(total)
  let length = 0
  let unkeyed = !named
  let hasConditional = false
  let hasAppend = false
  for (let i = 0; i < total; i++) {
    let k = kindOf[f[i]]
    if (k === -1) throw unknownFunction(history, i)
    const outcome = outcomes[i]
    if (outcome === FAIL) {
      if (k !== CAS || !observesFailures) continue
      k = DIFFERS
    }
    if (outcome === INFO && k === READ) continue
    if (k === READ) {
      expects[length] = output[i]
    } else if (k === CAS || k === DIFFERS) {
      const pair = pairs(i)
      const from = pair.from === NULL ? initialId : pair.from
      const to = pair.to === NULL ? initialId : pair.to
      expects[length] = from
      if (k === DIFFERS || from !== to) hasConditional = true
      if (k === CAS && from === to) {
        // It changes nothing: a read of that value which, where its outcome is unknown, says nothing.
        if (outcome === INFO) continue
        k = READ
      } else if (k === CAS) {
        writes[length] = to
      }
    } else {
      writes[length] = input[i]
      if (k === APPEND) hasAppend = true
    }
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
  const ids = makeDense({ kind, expects, writes, length }, initialId)
  let keyLater: Int32Array | undefined
  let processLater: Int32Array | undefined
  const encoded: Encoded = {
    length,
    row,
    kind,
    expects,
    writes,
    // Not every check needs these two.
    get key() {
      keyLater ??= named ? key : new Int32Array(length)
      return keyLater
    },
    get process() {
      processLater ??= gathered(processColumn, row, length)
      return processLater
    },
    calls,
    returns,
    initial: 0,
    values: ids.length,
    names: ids,
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
  const some = new Int32Array(length)
  for (let i = 0; i < length; i++) some[i] = column[row[i]]
  return some
}

type Values = Pick<Encoded, 'kind' | 'expects' | 'writes' | 'length'>

const expectsOne = (k: number): boolean => k !== WRITE && k !== APPEND
const writesOne = (k: number): boolean => k === WRITE || k === APPEND || k === CAS

/** Replaces value ids by dense numbers, in place, the initial value's being 0; returns the id of each number. */
function makeDense(columns: Values, initial: number): Int32Array {
  const { kind, expects, writes, length } = columns
  let least: number = NEVER
  let greatest = -NEVER
  let parities = 0
  for (let i = 0; i < length; i++) {
    const k = kind[i]
    if (expectsOne(k)) {
      if (expects[i] === NULL) expects[i] = initial
      const id = expects[i]
      if (id !== initial) {
        if (id < least) least = id
        if (id > greatest) greatest = id
        parities |= 1 << (id & 1)
      }
    } else expects[i] = NOTHING
    if (writesOne(k)) {
      if (writes[i] === NULL) writes[i] = initial
      const id = writes[i]
      if (id !== initial) {
        if (id < least) least = id
        if (id > greatest) greatest = id
        parities |= 1 << (id & 1)
      }
    } else writes[i] = NOTHING
  }
  if (parities === 0) least = greatest = 0
  // Ids of integers are all odd, ids of texts all even.
  const shift = parities === 3 ? 0 : 1
  const range = Math.floor((greatest - least) / (shift + 1)) + 2
  if (range <= 2 * length + 64) return numberByRange(columns, initial, { least, shift, range })
  return numberByAppearance(columns, initial)
}

/** Few numbers between the least id and the greatest are missing: it is enough to subtract. */
function numberByRange(
  { kind, expects, writes, length }: Values,
  initial: number,
  { least, shift, range }: { readonly least: number; readonly shift: number; readonly range: number },
): Int32Array {
  for (let i = 0; i < length; i++) {
    const k = kind[i]
    if (expectsOne(k)) expects[i] = expects[i] === initial ? 0 : ((expects[i] - least) >> shift) + 1
    if (writesOne(k)) writes[i] = writes[i] === initial ? 0 : ((writes[i] - least) >> shift) + 1
  }
  const ids = new Int32Array(range)
  ids[0] = initial
  for (let n = 1; n < range; n++) ids[n] = least + ((n - 1) << shift)
  return ids
}

function numberByAppearance({ kind, expects, writes, length }: Values, initial: number): Int32Array {
  const ids = [initial]
  const numbers = new Map<number, number>([[initial, 0]])
  const numberOf = (id: number): number => {
    const known = numbers.get(id)
    if (known !== undefined) return known
    numbers.set(id, ids.length)
    return ids.push(id) - 1
  }
  for (let i = 0; i < length; i++) {
    const k = kind[i]
    if (expectsOne(k)) expects[i] = numberOf(expects[i])
    if (writesOne(k)) writes[i] = numberOf(writes[i])
  }
  return Int32Array.from(ids)
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
        `${whereIs(history, operation)}: cas takes [old, new], not ${JSON.stringify(value)}. Write the value as a pair, e.g. "value":[1,2].`,
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
    `${whereIs(history, operation)}: the register model does not know the operation "${f}"; it knows ${Object.keys(kinds).join(', ')}. Check the model, or rename the operation.`,
  )
}

const whereIs = (history: History, operation: number): string => {
  const line = history.operations.callLine[operation]
  return line > 0 ? `line ${line}` : `operation ${operation}`
}
