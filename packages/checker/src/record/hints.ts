import {
  FAIL,
  functionOf,
  type History,
  inputOf,
  type Json,
  meaningOf,
  OK,
  outputOf,
  readsWhole,
  replacesWhole,
  type ValueId,
} from '@chaosproxy/history'
import { openingRemedy } from '../bank/balance.ts'
import { functionTest } from '../encoding/operation-row.ts'

/** The maximum number of operations examined. The first ones already show a recorder's conventions. */
const MOST_LOOKED_AT = 20_000
const MOST_DEPTH = 4

/** The formats in which a pair of key and value needs the option `--keyed`. */
const MAY_BE_KEYED: ReadonlySet<History['format']> = new Set([undefined, 'jsonl', 'operations'])

/** Texts that programs write for an absent value. */
const NOTHING: ReadonlySet<string> = new Set([':nil', 'nil', 'null', 'none', 'undefined', '<nil>', '(nil)', ''])

/**
 * Finds signs that the history misrepresents what happened: reads of unwritten values that may be initial or that
 * resemble written values, and pairs that may be a key with a value. Each hint is a sentence with a remedy.
 */
export function hintsFor(history: History): readonly string[] {
  const written = new Map<string, Json>()
  const returned = new Map<string, Json>()
  const { length, input, output, outcome } = history.operations
  const looked = Math.min(length, MOST_LOOKED_AT)
  const isUnwritten = unwrittenAt(history, looked)
  /** Values returned by reads that were called before any write of their key was acknowledged. */
  const atFirst = new Map<string, Json>()
  let pair: number | undefined
  let total: number | undefined
  let empty: number | undefined
  for (let row = 0; row < looked; row++) {
    if (input[row] !== output[row] && outcome[row] === OK) addAtoms(history, output[row], returned)
    if (outcome[row] === OK && isUnwritten(row)) addAtoms(history, output[row], atFirst)
    if (MAY_BE_KEYED.has(history.format) && asksForKey(history, row)) pair ??= row
    if (outcome[row] === OK && isAnsweredTotal(history, row)) total ??= row
    if (outcome[row] === OK && tookNothing(history, row)) empty ??= row
    if (outcome[row] !== FAIL) addAtoms(history, input[row], written)
  }
  const byText = new Map([...written.values()].map((value) => [String(value), value]))
  const strange = [...returned].flatMap(([text, value]) => (written.has(text) ? [] : [value]))
  const other = strange.find((value) => byText.has(String(value)))
  const isWrite = (kind: string): boolean => /^:?w/.test(kind)
  const isRegister = history.functions.some(replacesWhole) || history.values.microOperations()?.kinds.some(isWrite)
  const nothing = strange.find((value) => atFirst.has(JSON.stringify(value)) && (isRegister || isNothing(value)))
  if (pair !== undefined) return [pairs(history, pair)]
  return [
    ...(other === undefined ? [] : [ofOtherType(byText.get(String(other)) ?? null, other)]),
    ...(nothing === undefined ? [] : [startsAs(nothing)]),
    ...(total === undefined ? [] : [totals(history, total)]),
    ...(empty === undefined || written.has(JSON.stringify(outputOf(history, empty))) ? [] : [emptied(history, empty)]),
  ]
}

/** Warns of an initial value that seems to give each key its own value, which registers do not have. */
export function startsByKey({ keys, values }: History, initial: Json): readonly string[] {
  if (typeof initial !== 'object' || initial === null || Array.isArray(initial)) return []
  const named = new Set(keys)
  for (const id of new Set(values.microOperations()?.key.subarray(0, MOST_LOOKED_AT)))
    named.add(String(values.json(id as ValueId)))
  return Object.keys(initial).some((key) => named.has(key))
    ? [
        `--initial is the value of every key, here ${JSON.stringify(initial)}. If keys begin differently: --initial unknown`,
      ]
    : []
}

/** Warns of a key that is a text on one line and a number on another. */
export const alikeKeys = (history: History): readonly string[] => [...namesOfAlikeKeys(history)].slice(0, 1).map(alike)

/** Says that a number and the same number as a text are two keys. */
export const alike = (key: string): string =>
  `${key} and "${key}" are two keys. If they are meant to be one, write the key alike on all lines.`

/** Returns the names of keys that are texts on some lines and numbers on others. */
export function namesOfAlikeKeys({ keys, values }: History): ReadonlySet<string> {
  const some = new Set(keys.slice(0, MOST_LOOKED_AT))
  // If a number and the same number as a text are both keys, the key that occurs first is named `1`. The other key is
  // named `"1"` if it is the text, and `1 (not a text)` if it is the number (see `KeyNumbers`).
  const found = new Set([...some].filter((name) => some.has(JSON.stringify(name)) || some.has(`${name} (not a text)`)))
  const inTransactions = new Map<string, Json>()
  for (const id of new Set(values.microOperations()?.key.subarray(0, MOST_LOOKED_AT))) {
    const key = values.json(id as ValueId)
    if (typeof key === 'object') continue
    if ((inTransactions.get(String(key)) ?? key) !== key) found.add(String(key))
    inTransactions.set(String(key), key)
  }
  return found
}

const DIGITS = /^\d+$/

/** Warns of a lock that returns a fencing token as a text of digits. Only tokens that are numbers are compared. */
export function textTokens(history: History): readonly string[] {
  const { length, outcome, input, output } = history.operations
  for (let row = 0; row < Math.min(length, MOST_LOOKED_AT); row++) {
    if (outcome[row] !== OK || output[row] === input[row]) continue
    const f = functionOf(history, row)
    const token = meaningOf(f)?.effect === 'acquires' ? outputOf(history, row) : null
    if (typeof token === 'string' && DIGITS.test(token))
      return [
        `${f} was answered with the text ${JSON.stringify(token)}, which was not compared. If it is a fencing token, write it as a number: ${token}`,
      ]
  }
  return []
}

const isNothing = (value: Json): boolean => typeof value === 'string' && NOTHING.has(value.toLowerCase())

/** Tests whether a row was called before any write of its key was acknowledged. */
function unwrittenAt(history: History, looked: number): (row: number) => boolean {
  const { key, outcome, callEvent, returnEvent } = history.operations
  const isRead = functionTest(history, readsWhole)
  const written = new Map<number, number>()
  for (let row = 0; row < looked; row++)
    if (!isRead(row) && outcome[row] === OK)
      written.set(key[row], Math.min(written.get(key[row]) ?? Number.POSITIVE_INFINITY, returnEvent[row]))
  return (row) => callEvent[row] < (written.get(key[row]) ?? Number.POSITIVE_INFINITY)
}

/**
 * Reports whether an operation asks for a key: its input is a pair of the key and null, and its answer is a pair with
 * the same key.
 */
function asksForKey(history: History, row: number): boolean {
  const [input, answered] = [inputOf(history, row), outputOf(history, row)]
  const [name = null, nothing] = Array.isArray(input) && input.length === 2 ? input : []
  if (nothing !== null || name === null || !Array.isArray(answered) || answered.length !== 2) return false
  return JSON.stringify(answered[0]) === JSON.stringify(name)
}

/** Reports whether the answer to an addition is a number different from the requested one. */
function isAnsweredTotal(history: History, row: number): boolean {
  if (functionOf(history, row) !== 'add') return false
  const [input, answered] = [inputOf(history, row), outputOf(history, row)]
  return typeof input === 'number' && typeof answered === 'number' && input !== answered
}

/** Reports whether a dequeue was answered with a text such as "nil", by which programs mean that there is no value. */
const tookNothing = (history: History, row: number): boolean =>
  meaningOf(functionOf(history, row))?.effect === 'takes' && isNothing(outputOf(history, row))

const emptied = (history: History, row: number): string =>
  `${functionOf(history, row)} was answered with ${JSON.stringify(outputOf(history, row))}, which counts as a message. If there was no message, write null.`

const totals = (history: History, row: number): string =>
  `add ${JSON.stringify(inputOf(history, row))} was answered with ${JSON.stringify(outputOf(history, row))}, which counts as the sum. If ${JSON.stringify(outputOf(history, row))} was added, write it in the invocation too.`

const pairs = (history: History, row: number): string =>
  `${functionOf(history, row)} ${JSON.stringify(inputOf(history, row))} was answered with ${JSON.stringify(outputOf(history, row))}. If these are keys with their values, as in Jepsen's independent tests: --keyed`

function addAtoms({ values }: History, id: number, atoms: Map<string, Json>): void {
  const add = (value: Json, depth: number): void => {
    if (value === null || depth > MOST_DEPTH) return
    if (typeof value === 'object') for (const each of Object.values(value)) add(each as Json, depth + 1)
    else atoms.set(JSON.stringify(value), value)
  }
  add(values.json(id as ValueId), 0)
}

function ofOtherType(written: Json, read: Json): string {
  const [a, b] = [JSON.stringify(written), JSON.stringify(read)]
  // This command avoids the jq operator `|=`. In jq 1.6, `|=` deletes the values that `tonumber?` converts.
  const cure =
    typeof written === 'number'
      ? `jq -c '.value = (.value | walk(if type == "string" then tonumber? // . else . end))' FILE`
      : `jq -c '.value = (.value | walk(if type == "number" then tostring else . end))' FILE`
  return `${a} was written and ${b} was read: the ${typeof written} ${a} and the ${typeof read} ${b} are different values. If they are meant to be the same, record both alike: ${cure}`
}

const startsAs = (value: Json): string =>
  `${JSON.stringify(value)} was read before anything was written. If objects begin so: --initial '${JSON.stringify(value)}'`

/** Says that the opening balances of a bank are unknown, and how to give them. */
export const unknownOpening = (history: History): string =>
  `the opening balances are not given, so the check allows any opening balances. It does not assume that the accounts opened empty, because the history has no deposit that could fill them. To check the balances from the start, ${openingRemedy(history)}.`
