import {
  FLAG_UNSAID,
  foundOrMade,
  functionOf,
  type History,
  INFO,
  inputOf,
  isObject,
  type Json,
  keysApart,
  keyWarning,
  type Mark,
  mayChange,
  meaningOf,
  OK,
  outputOf,
  printable,
  readsWhole,
  writtenValue,
} from '@chaosproxy/history'
import { functionTest, type OperationRow } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { ModelEntry } from '../judge/entry.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { notRecorded } from '../verdict/reason.ts'
import { unknownBecause, type Verdict, type Verdicts } from '../verdict/verdict.ts'
import { alike, namesOfAlikeKeys } from './hints.ts'

/** The minimum number of reads for judging whether most reads returned unwritten values. */
const FEWEST_READS = 5

const LONGEST_QUOTE = 60

/** The formats of files that `--map` applies to. */
const MAY_BE_MAPPED: ReadonlySet<History['format']> = new Set(['jsonl', 'operations', 'csv'])

/**
 * Replaces all verdicts by `unknown` if the history was probably misread. Signs of this are:
 * - Most reads returned values that no operation wrote: the route table probably reads another place than it writes.
 * - No read found a value, and reads by clients matched no route: the table probably reads another path.
 * - No key was both written and read: the table probably reads another key.
 * - A file names no key, but has a member that may be the key: operations on several objects may look like operations
 *   on one object.
 * - Some operations of a file name a key, and others do not: these may be on any key.
 *
 * A service that corrupts or loses its data looks the same. Only a person can distinguish the two.
 */
export function withMisreading<Name extends string>(
  report: Report<Name>,
  history: History,
  { name, record: { mayLackKey = false }, judge: { ladder, headline } }: ModelEntry<Name>,
  { initial }: Pick<CheckOptions, 'initial'>,
): Report<Name> {
  const results = ladder.levels.map((level) => report.levels[level].result)
  if (results.every((result) => result === 'met')) return report
  const isViolated = results.includes('violated')
  const ofRegisters = () =>
    reasonOf(history, initial) ?? (isViolated ? (unroutedReason(history) ?? otherKeysReason(history)) : undefined)
  const ofRoutes = () => (name === 'register' ? ofRegisters() : isViolated ? foreignReason(report) : undefined)
  const ofFile = () =>
    keylessReason(history) ??
    (mayLackKey ? undefined : partlyKeyedReason(history)) ??
    alikeReason(report, history) ??
    (name === 'register' ? answerReason(history) : undefined)
  const reason = history.header?.mapping === 'routes' ? ofRoutes() : isViolated ? ofFile() : undefined
  if (reason === undefined) return report
  const unknown: Verdict = unknownBecause(notRecorded(reason))
  const levels = Object.fromEntries(ladder.levels.map((level): [Name, Verdict] => [level, unknown])) as Verdicts<Name>
  const { staleness: _, accounting: __, ...rest } = report
  return { ...rest, levels, headline: headline(levels, undefined), lost: [] }
}

/** The reason to suspect a misreading, if most reads after a write returned values that no operation wrote. */
function reasonOf(history: History, initial: Json): string | undefined {
  const { functions, operations, keys } = history
  const { length, key, outcome, output, callEvent } = operations
  const isRead = functionTest(history, readsWhole)
  // With appends, reads return texts that no single operation wrote.
  if (functions.includes('append')) return undefined
  const { written, firstReturn, open } = writesOf(history)
  const initialId: number | undefined = isUnknownStart(initial) ? undefined : history.values.id(initial)
  let informative = 0
  let strange = 0
  let example: number | undefined
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || !isRead(row) || open.has(key[row])) continue
    if (callEvent[row] < (firstReturn.get(key[row]) ?? Number.POSITIVE_INFINITY)) continue
    informative++
    const id = output[row]
    // A read of null is not counted as strange, because a lost write also leads to it.
    if (outputOf(history, row) === null || id === initialId || written.get(key[row])?.has(id)) continue
    strange++
    example ??= row
  }
  if (example === undefined || informative < FEWEST_READS || strange * 2 <= informative) return undefined
  const value = outputOf(history, example)
  const writer = relatedTo(value, history, written.get(key[example])) ?? writerBefore(history, example, written)
  const name = keys[key[example]] ?? 'the register'
  return `${strange} of ${informative} reads returned what nobody wrote: ${name} was written ${quoted(writer)} and read ${quoted(value)}${difference(writer, value)}. The route table probably reads from another place than it writes to: let "value" and "result" name the same content. If "value" and "result" already name the same content, the service returns values that it was never given, which is a violation of every level`
}

/**
 * The reason to suspect that the route of reads has a wrong path, if no read found a value and a GET of a written key
 * matched no route.
 */
function unroutedReason(history: History): string | undefined {
  const { operations, keys, passedOn } = history
  const { length, key, outcome } = operations
  const isRead = functionTest(history, readsWhole)
  const written = new Set<string>()
  let reads = 0
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    if (!isRead(row)) written.add(encodeURIComponent(keys[key[row]] ?? ''))
    else if (outputOf(history, row) !== null) return undefined
    else reads++
  }
  const missed = passedOn.find(
    ({ what }) => what.startsWith('GET ') && what.split(/[ /?=&]/).some((part) => written.has(part)),
  )
  if (missed === undefined || reads === 0) return undefined
  return `no read found a value, and the table has no route for ${missed.what}, which clients requested. Its route of reads probably has a wrong path. If the path is right, the service lost every write, which is a violation of every level`
}

/** The reason to suspect the keys of a table, if no key was both written and read. */
function otherKeysReason(history: History): string | undefined {
  const apart = keysApart(history)
  if (apart === undefined) return undefined
  return `no key was both written and read: ${printable(apart.written)} was written, and ${printable(apart.read)} was read. The route table probably gives reads other keys than writes: let their "key" name the same object`
}

/** If no operation has a key: the reason to suspect that an unused member of the lines is the key. */
const keylessReason = ({ keys, taken = [] }: History): string | undefined =>
  keys.length === 0 ? keyWarning(taken) : undefined

/**
 * The reason to suspect that the operations without a key concern one of the keys that other operations name. Undefined
 * unless some operations of a file have a key and others have none.
 */
function partlyKeyedReason({ operations, keys, functions, format }: History): string | undefined {
  if (keys.length === 0 || format === undefined) return undefined
  const { length, f, key, outcome, callLine } = operations
  const [keyless, keyed] = [false, true].map((isKeyed) => {
    for (let row = 0; row < length; row++) {
      const name = functions[f[row]] ?? ''
      const { takes, effect } = meaningOf(name) ?? {}
      const isOnOne = takes !== 'options' && effect !== 'transacts'
      if (isOnOne && key[row] >= 0 === isKeyed && (outcome[row] === OK || (outcome[row] === INFO && mayChange(name))))
        return row
    }
    return undefined
  })
  if (keyless === undefined || keyed === undefined) return undefined
  return `the ${functions[f[keyless]]} of line ${callLine[keyless]} names no key, and the ${functions[f[keyed]]} of line ${callLine[keyed]} is on ${printable(keys[key[keyed]] ?? '')}. ${MAY_BE_MAPPED.has(format) ? 'Name the member with the key of every operation: --map key=MEMBER. If all operations are on one object: --map key=none' : 'Give every operation its key'}`
}

/** The reason to suspect that a key was written as a number and as a text, if a violation concerns that key. */
function alikeReason<Name extends string>({ levels }: Report<Name>, history: History): string | undefined {
  const names = namesOfAlikeKeys(history)
  if (names.size === 0) return undefined
  const concerned = Object.values<Verdict>(levels).flatMap((verdict) =>
    verdict.result === 'violated' ? verdict.counterexample.keys.map(nameOf) : [],
  )
  const found = concerned.find((name) => names.has(name))
  return found === undefined ? undefined : alike(found).replace(/\.$/, '')
}

/** The name of a key without the marks of `KeyNumbers`. */
const nameOf = (key: string): string => key.replace(/ \(not a text\)$/, '').replace(/^"(.*)"$/, '$1')

/**
 * The maximum number of reads of unwritten values that are compared with the written values. The first few reads
 * already show how the file represents values.
 */
const MOST_COMPARED = 100

/**
 * The reason to suspect that answers in a file hold more than the value, or the value in another form: a read returned
 * what nobody wrote, and it resembles what was written.
 */
function answerReason(history: History): string | undefined {
  if (history.taken === undefined || history.functions.includes('append')) return undefined
  const { length, key, outcome, output } = history.operations
  const isRead = functionTest(history, readsWhole)
  const { written } = writesOf(history)
  let compared = 0
  for (let row = 0; row < length && compared < MOST_COMPARED; row++) {
    const ids = written.get(key[row])
    if (outcome[row] !== OK || !isRead(row) || ids === undefined || ids.has(output[row])) continue
    const value = outputOf(history, row)
    const related = relatedTo(value, history, ids)
    compared++
    if (related === undefined) continue
    const name = history.keys[key[row]] ?? 'the register'
    const remedy = isObject(value)
      ? 'Keep only the value in the answers, or name the member that has it: --map output=MEMBER'
      : 'Record written and read values in the same form'
    return `${name} was written ${quoted(related)} and read ${quoted(value)}${difference(related, value)}. ${remedy}`
  }
  return undefined
}

/** The reason to suspect a misreading, if most elements that were seen are not among those that were added. */
function foreignReason({ accounting }: Pick<Report<string>, 'accounting'>): string | undefined {
  if (accounting?.okAre !== 'seen' || accounting.unexpected.length <= accounting.ok) return undefined
  const { unexpected, ok, noun } = accounting
  const [first] = unexpected
  return `${unexpected.length} of ${unexpected.length + ok} ${noun}s that were seen, such as ${quoted(first?.value ?? null)}, were added by nobody. The route table probably reads from another place than it writes to: let "value" and "result" name the same content. If "value" and "result" already name the same content, the service returns ${noun}s that it was never given, which is a violation of every level`
}

interface Writes {
  /** By key: the ids of all values that operations tried to write, whatever their outcomes. */
  readonly written: ReadonlyMap<number, ReadonlySet<number>>
  /** By key: the event position of the first return of a successful write. */
  readonly firstReturn: ReadonlyMap<number, number>
  /** Keys that a write of unknown outcome may have set to an unknown value. */
  readonly open: ReadonlySet<number>
}

function writesOf(history: History): Writes {
  const { length, key, outcome, returnEvent, flags } = history.operations
  const isRead = functionTest(history, readsWhole)
  const written = new Map<number, Set<number>>()
  const firstReturn = new Map<number, number>()
  const open = new Set<number>()
  for (let row = 0; row < length; row++) {
    if (isRead(row)) continue
    if (outcome[row] === INFO && (flags[row] & FLAG_UNSAID) !== 0) open.add(key[row])
    foundOrMade(written, key[row], () => new Set()).add(history.values.id(writtenBy(history, row)))
    if (outcome[row] !== OK) continue
    firstReturn.set(key[row], Math.min(firstReturn.get(key[row]) ?? Number.POSITIVE_INFINITY, returnEvent[row]))
  }
  return { written, firstReturn, open }
}

/** The value that a write leaves. */
function writtenBy(history: History, row: number): Json {
  const { flags, outcome } = history.operations
  const isInputMissing = (flags[row] & FLAG_UNSAID) !== 0 && outcome[row] === OK
  return writtenValue(functionOf(history, row), isInputMissing ? outputOf(history, row) : inputOf(history, row))
}

/**
 * Returns a written value that a read value contains or expresses in another type (see `difference`). The two values
 * show how the route table or the file was probably misread.
 */
function relatedTo(read: Json, { values }: History, written: Iterable<number> = []): Json | undefined {
  for (const id of written) {
    const value = values.json(id as never)
    if (difference(value, read) !== '') return value
  }
  return undefined
}

/** The value of the last write that was acknowledged before the read was called. */
function writerBefore(history: History, read: number, written: Writes['written']): Json {
  const { length, key, outcome, returnEvent, callEvent } = history.operations
  const isRead = functionTest(history, readsWhole)
  let last = -1
  let at = -1
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[read] || outcome[row] !== OK || returnEvent[row] >= callEvent[read]) continue
    const value = writtenBy(history, row)
    if (isRead(row) || value === null || returnEvent[row] <= at) continue
    last = row
    at = returnEvent[row]
  }
  if (last >= 0) return writtenBy(history, last)
  const [any] = written.get(key[read]) ?? []
  return any === undefined ? null : history.values.json(any as never)
}

/** Describes in words how a read value is related to a written value. Empty if no relation is found. */
function difference(written: Json, read: Json): string {
  if (typeof written !== typeof read && formOf(written) !== undefined && formOf(written) === formOf(read))
    return ' (of another type)'
  if (read === null || typeof read !== 'object') return ''
  if (holds(read, written)) return ' (which holds it and more)'
  const found = Object.entries(read).find(([, member]) => quoted(member as Json) === quoted(written))
  return found === undefined ? '' : ` (which has it at ${JSON.stringify(found[0])})`
}

/** Whether an object has all members of another one, and more. */
function holds(read: Json, written: Json): boolean {
  if (!isObject(read) || !isObject(written)) return false
  const names = Object.keys(written)
  return (
    names.length > 0 &&
    names.length < Object.keys(read).length &&
    names.every((name) => JSON.stringify(read[name]) === JSON.stringify(written[name]))
  )
}

/** The form that a text, a number and a boolean share: 2.5 and "2.50". Undefined for other values and empty texts. */
function formOf(value: Json): string | undefined {
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined
  const number = Number(value)
  return String(Number.isNaN(number) || Math.abs(number) > Number.MAX_SAFE_INTEGER ? value : number)
}

function quoted(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text
}

/** The number of suspicious reads for which a reason is given. A verdict shows no more reasons. */
const MOST_EXPLAINED = 3

/**
 * Returns the reads whose result is probably not the value of the key, and a mark for each. A result is suspicious if
 * no operation wrote it and one of these is true:
 * - All values written to the key have other types.
 * - The result is a written value in another form.
 *
 * In both cases the route table probably took other content, such as an error, for the value.
 */
export function strangeReads(history: History, initial: Json): ReadonlyMap<OperationRow, Mark> {
  const found = new Map<OperationRow, Mark>()
  const { header, functions, keys, operations } = history
  if (header?.mapping !== 'routes' || functions.includes('append')) return found
  const { length, key, outcome, output, callEvent, callLine } = operations
  const isRead = functionTest(history, readsWhole)
  const writes = writesOf(history)
  const kinds = kindsOf(history, writes.written)
  const isLate = (row: number): boolean =>
    callEvent[row] > (writes.firstReturn.get(key[row]) ?? Number.POSITIVE_INFINITY)
  const initialId: number | undefined = isUnknownStart(initial) ? undefined : history.values.id(initial)
  const before = new Set<string>()
  const forms = new Map<number, ReadonlyMap<string, Json>>()
  const formsOf = (of: number, written: ReadonlySet<number>): ReadonlyMap<string, Json> => {
    return foundOrMade(forms, of, () => writtenForms(history, written))
  }
  function whyOf(row: number, value: Json, related: Json | undefined): string {
    const writer = related ?? writerBefore(history, row, writes.written)
    const name = keys[key[row]] ?? 'the register'
    return `it returned ${quoted(value)}, which nobody wrote; ${quoted(writer)} was written to ${name}${difference(writer, value)}. If ${quoted(value)} is an error or a part of the answer other than the value, let "result" name the place of the value, and describe error answers in "answers". If ${quoted(value)} is the value of ${name}, the service violates every level`
  }
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || !isRead(row) || writes.open.has(key[row])) continue
    const id = output[row]
    const written = writes.written.get(key[row])
    if (!isLate(row)) before.add(`${key[row]} ${id}`)
    else if (written !== undefined && id !== initialId && !written.has(id) && !before.has(`${key[row]} ${id}`)) {
      const value = outputOf(history, row)
      const related = value === null ? undefined : relatedIn(formsOf(key[row], written), value)
      const isOther = value !== null && kinds.get(key[row])?.has(kindOf(value)) === false
      if (related === undefined && !isOther) continue
      found.set(row as OperationRow, {
        ...{ kind: 'not-understood', key: keys[key[row]], position: callEvent[row], line: callLine[row] },
        ...{ what: 'a read', why: found.size < MOST_EXPLAINED ? whyOf(row, value, related) : '' },
      })
    }
  }
  return found
}

/** By form (see `formOf`): the written value of this form. 2.5 and "2.50" have the same form. */
function writtenForms({ values }: History, written: ReadonlySet<number>): ReadonlyMap<string, Json> {
  const forms = new Map<string, Json>()
  for (const id of written) {
    const value = values.json(id as never)
    const form = formOf(value)
    if (form !== undefined) forms.set(form, value)
  }
  return forms
}

/**
 * Returns the written value that has the same form (see `formOf`) as the read value. If the read value is an object,
 * compares the forms of its members instead.
 */
function relatedIn(forms: ReadonlyMap<string, Json>, read: Json): Json | undefined {
  const candidates: readonly Json[] = isObject(read) ? (Object.values(read) as readonly Json[]) : [read]
  const form = candidates.map(formOf).find((each) => each !== undefined && forms.has(each))
  return form === undefined ? undefined : forms.get(form)
}

/** The types of the values written to each key, except null. Keys without such values are left out. */
function kindsOf({ values }: History, written: Writes['written']): ReadonlyMap<number, ReadonlySet<string>> {
  const kinds = new Map<number, ReadonlySet<string>>()
  for (const [key, ids] of written) {
    const ofKey = new Set(Array.from(ids, (id) => kindOf(values.json(id as never))))
    ofKey.delete('null')
    if (ofKey.size > 0) kinds.set(key, ofKey)
  }
  return kinds
}

const kindOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value)
