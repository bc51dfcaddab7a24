import { type History, isObject, type Json, type Mark, OK, outputOf, readsWhole } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import { difference, formOf, quoted, type Writes, writerBefore, writesOf } from './misreading.ts'

/** The reasons that a verdict can name. */
const MOST_EXPLAINED = 3

/**
 * Returns the reads whose result is probably not the value, with a mark each: no operation wrote the result, and every
 * written value is of another type, or one of them is the result in another form. The table probably took another
 * content, such as an error, for the value.
 */
export function strangeReads(history: History, initial: Json): ReadonlyMap<OperationRow, Mark> {
  const found = new Map<OperationRow, Mark>()
  const { header, functions, keys, operations } = history
  if (header?.mapping !== 'routes' || functions.includes('append')) return found
  const { length, f, key, outcome, output, callEvent, callLine } = operations
  const isRead = functions.map(readsWhole)
  const writes = writesOf(history)
  const kinds = kindsOf(history, writes.written)
  const isLate = (row: number): boolean =>
    callEvent[row] > (writes.firstReturn.get(key[row]) ?? Number.POSITIVE_INFINITY)
  const initialId: number | undefined = isUnknownStart(initial) ? undefined : history.values.id(initial)
  const before = new Set<string>()
  const forms = new Map<number, ReadonlyMap<string, Json>>()
  const formsOf = (of: number, written: ReadonlySet<number>): ReadonlyMap<string, Json> => {
    const known = forms.get(of) ?? writtenForms(history, written)
    forms.set(of, known)
    return known
  }
  function whyOf(row: number, value: Json, related: Json | undefined): string {
    const writer = related ?? writerBefore(history, row, writes.written)
    const name = keys[key[row]] ?? 'the register'
    return `it returned ${quoted(value)}, which nobody wrote, and ${name} was written ${quoted(writer)}${difference(writer, value)}. If it is an error or another content, let "result" name the value, and "answers" the other cases. If it is the value, the service violates every level`
  }
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || !isRead[f[row]] || writes.open.has(key[row])) continue
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

/** Written values by the form that they share with the same value of another type: 2.5 and "2.50". */
function writtenForms({ values }: History, written: ReadonlySet<number>): ReadonlyMap<string, Json> {
  const forms = new Map<string, Json>()
  for (const id of written) {
    const value = values.json(id as never)
    const form = formOf(value)
    if (form !== undefined) forms.set(form, value)
  }
  return forms
}

/** Returns the written value that the read value, or a member of it, has in another form. */
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
