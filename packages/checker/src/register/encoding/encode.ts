import {
  FAIL,
  type History,
  INFO,
  int32Array,
  type Json,
  NULL,
  type Operations,
  uint8Array,
  type ValueId,
  ValueTable,
} from '@chaosproxy/history'
import { casValuesOf } from '../../encoding/cas-values.ts'
import { clientsOf } from '../../encoding/clients.ts'
import {
  APPEND,
  CAS,
  type Decoder,
  DIFFERS,
  type Encoded,
  gathered,
  later,
  NEVER,
  READ,
  WRITE,
} from '../../encoding/encoded.ts'
import { UNJUDGED, unknownFunction, wrongAt } from '../../encoding/operation-row.ts'
import { isUnknownStart, UNMENTIONED } from '../../encoding/unknown-start.ts'
import type { Semantics } from '../../judge/options.ts'
import { type Budget, lookAt, unlimited } from '../../limits/budget.ts'
import { type IdColumns, numberValues } from './value-numbers.ts'

/** The kind of each function of the register model. `get` and `put` are the names that Porcupine uses. */
const kinds: { readonly [f: string]: number } = {
  read: READ,
  write: WRITE,
  cas: CAS,
  get: READ,
  put: WRITE,
  append: APPEND,
}

export const registerFunctions: readonly string[] = Object.keys(kinds)

/**
 * Encodes registers by key: read, write, cas, and append on strings. With `isWanted`, encodes only some keys; -1 stands
 * for operations without a key. The key numbers do not change. Applies the outcome rules, once:
 * - `fail`: the operation is dropped. A failed cas may be kept as an observation.
 * - `info`: a read is dropped, any other operation becomes optional.
 * - Null stands for the initial value. If the initial value is unknown, null is an ordinary value.
 *
 * @throws UserError for an operation the model does not know, or a cas whose value is not `[old, new]`
 * @throws OutOfTime
 */
export function encodeRegister(
  history: History,
  options: Semantics,
  budget: Budget = unlimited,
  isWanted?: (key: number) => boolean,
): { readonly encoded: Encoded; readonly decoder: Decoder } {
  const anyStart = isUnknownStart(options.initial)
  const initialId = anyStart ? UNMENTIONED : history.values.id(options.initial)
  const meaning = meaningOf(history, options, initialId, budget, isWanted)
  const { row, hasAppend } = meaning
  const { operations } = history
  const length = row.length
  // If no operation is dropped, uses the history's own columns.
  const isWhole = length === operations.length
  const chosen = (column: Int32Array): Int32Array => (isWhole ? column : gathered(column, row))
  const { calls, returns } = isWhole && !meaning.hasUnknown ? ownEvents(operations) : eventsOf(operations, row)
  // Operations without a key form an additional object.
  const shift = meaning.isUnkeyed ? 1 : 0
  const keys = Math.max(1, history.keys.length + shift)
  const ids = numberValues(meaning, initialId, budget)
  const encoded: Encoded = {
    length,
    row,
    kind: meaning.kind,
    expects: meaning.expects,
    writes: meaning.writes,
    key: history.keys.length === 0 ? int32Array(length) : shifted(chosen(operations.key), shift),
    clients: later(() => (history.hasSessions ? clientsOf(history, row) : chosen(operations.process))),
    isTied: history.isTied,
    calls,
    returns,
    initial: 0,
    anyStart,
    values: ids.length,
    names: ids,
    table: history.values,
    keys,
    hasConditional: meaning.hasConditional,
    hasAppend,
  }
  return {
    encoded,
    decoder: {
      history,
      value: (name) => (name === UNMENTIONED ? null : history.values.json(name as ValueId)),
      keyName: (k) => history.keys[k - shift],
      keyNumber: (k) => (history.keys.length === 0 ? -1 : k - shift),
    },
  }
}

/** The operations that constrain the order, with their effects. */
interface Meaning extends IdColumns, Pick<Encoded, 'row' | 'hasAppend'> {
  readonly isUnkeyed: boolean
  readonly hasUnknown: boolean
}

/** @throws OutOfTime */
function meaningOf(
  history: History,
  { failedCas }: Semantics,
  initialId: number,
  budget: Budget,
  isWanted: ((key: number) => boolean) | undefined,
): Meaning {
  const kindOf = history.functions.map((f) => (Object.hasOwn(kinds, f) ? kinds[f] : -1))
  // The value that null stands for: with appends, the empty string.
  const nothing: number = history.functions.includes('append') ? history.values.id('') : NULL
  const nullId = initialId === UNMENTIONED ? nothing : initialId
  const { from, to, isKnown, learn } = casPairs(history, nullId)
  const { length: total, f, input, output, key, outcome: outcomes } = history.operations
  const observesFailures = failedCas === 'observes'
  const isNamed = history.keys.length > 0
  const row = int32Array(total)
  const kind = uint8Array(total)
  const expects = int32Array(total)
  const writes = int32Array(total)
  let length = 0
  let isUnkeyed = !isNamed
  let hasUnknown = false
  let hasConditional = false
  let hasAppend = false
  for (let i = 0; i < total; i++) {
    lookAt(i, budget)
    let k = kindOf[f[i]]
    if (k === -1) throw unknownFunction(history, i, { model: 'register', known: registerFunctions })
    const outcome = outcomes[i]
    if (outcome === FAIL) {
      if (k !== CAS || !observesFailures || !hasLooked(history.errorOf(i))) continue
      k = DIFFERS
    } else if (outcome >= INFO) {
      if (k === READ || outcome === UNJUDGED) continue
      hasUnknown = true
    }
    let value: number
    let next: number
    if (k === CAS || k === DIFFERS) {
      const place = ValueTable.placeOf(input[i])
      if (isKnown[place] !== 1) learn(i)
      value = from[place]
      next = k === CAS ? to[place] : value
      if (k === CAS && value === next) {
        // A cas to the same value is a read, which is dropped if its outcome is unknown.
        if (outcome === INFO) continue
        k = READ
      } else {
        hasConditional = true
      }
    } else {
      if (k === APPEND) hasAppend = true
      // Selects the output for READ, which is 0, and the input for all other kinds. Does so without a branch, because
      // the processor would mispredict it half of the time.
      const isRead = (k - 1) >> 31
      value = (output[i] & isRead) | (input[i] & ~isRead)
      if (value === NULL) value = nullId
      next = value
    }
    if (isNamed) {
      if (key[i] < 0) isUnkeyed = true
      if (isWanted?.(key[i]) === false) continue
    }
    row[length] = i
    kind[length] = k
    expects[length] = value
    writes[length] = next
    length++
  }
  return {
    row: row.subarray(0, length),
    kind: kind.subarray(0, length),
    expects: expects.subarray(0, length),
    writes: writes.subarray(0, length),
    isUnkeyed,
    hasUnknown,
    hasConditional,
    hasAppend,
  }
}

/** Errors of a cas that failed for a reason other than the value, and so observed nothing. */
const REFUSED_UNSEEN =
  /^(never forwarded|unavailable|unsupported|(READONLY|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|NOAUTH|NOPERM|LOADING|BUSY|OOM|MISCONF|NOREPLICAS|EXECABORT) |status (400|401|403|405|406|413|415|422|429)\b)/

/** Reports, by its error, whether a failed cas found another value. */
const hasLooked = (error: string | undefined): boolean => error === undefined || !REFUSED_UNSEEN.test(error)

function shifted(keys: Int32Array, shift: number): Int32Array {
  return shift === 0 ? keys : keys.map((key) => key + shift)
}

type Events = Pick<Encoded, 'calls' | 'returns'>

const ownEvents = ({ callEvent, returnEvent }: Operations): Events => ({ calls: callEvent, returns: returnEvent })

/**
 * Returns the event positions. An operation of unknown outcome never returns, even if its client gave up at a known
 * time.
 */
function eventsOf({ outcome, callEvent, returnEvent }: Operations, row: Int32Array): Events {
  const { length } = row
  const calls = int32Array(length)
  const returns = int32Array(length)
  for (let i = 0; i < length; i++) {
    const operation = row[i]
    calls[i] = callEvent[operation]
    returns[i] = outcome[operation] === INFO ? NEVER : returnEvent[operation]
  }
  return { calls, returns }
}

/** By index of a pair in the table of values: the ids of the old and the new value. */
interface Pairs {
  readonly from: Int32Array
  readonly to: Int32Array
  /** By index of a pair: 1 if `learn` has stored the ids of the pair in `from` and `to`. */
  readonly isKnown: Uint8Array
  /** @throws UserError if an operation's value is not a pair. */
  readonly learn: (operation: number) => void
}

function casPairs(history: History, nullId: number): Pairs {
  const { input } = history.operations
  const places = history.functions.includes('cas') ? history.values.size : 0
  const isKnown = uint8Array(places)
  const from = int32Array(places)
  const to = int32Array(places)
  const idOf = (value: Json): number => (value === null ? nullId : history.values.id(value))
  const learn = (operation: number): void => {
    const value: Json = history.values.json(input[operation] as ValueId)
    const casValues = casValuesOf(value)
    if (casValues?.is !== 'full') {
      throw wrongAt(
        history,
        operation,
        `cas takes [old, new], not ${JSON.stringify(value)}. ${Array.isArray(value) && value.length === 3 ? 'If the first element is a key, give --keyed.' : 'Write the value as a pair, e.g. "value":[1,2].'}`,
      )
    }
    const place = ValueTable.placeOf(input[operation])
    from[place] = idOf(casValues.from)
    to[place] = idOf(casValues.to)
    isKnown[place] = 1
  }
  return { from, to, isKnown, learn }
}
