import { type History, type Json, NULL } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Specification } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import type { ObjectEntry } from '../object/model/object-model.ts'
import { badOperation, type Part } from '../object/model/part.ts'
import { type FastAnswer, violated } from '../object/model/slots.ts'
import { type Accounted, type Accounting, accounted, accounting, elementName, rowsOf } from '../verdict/accounting.ts'

const GENERATE = 0
const numbers: { readonly [f: string]: number } = { generate: GENERATE }

/** A source of ids: no id is assigned twice. */
export const uniqueIds: ObjectEntry = {
  name: 'unique-ids',
  aliases: [],
  summary: 'a source of ids, none of which is given out twice',
  functions: ['generate'],
  levels: ['linearizable'],
  object: {
    rule: 'no id is given out twice',
    numbers,
    reads: [],
    observation: { what: 'generate', functions: Object.keys(numbers) },
    specification: () => specification,
    fast,
    simulate,
    readsElements: -1,
    account,
  },
}

const specification: Specification<readonly string[]> = {
  initial: [],
  step: (given, { output }) => {
    if (output === undefined) return [given]
    const id = JSON.stringify(output)
    return given.includes(id) ? [] : [[...given, id].sort()]
  },
  key: (given) => given.join(' '),
}

function fast(part: Part, _: Json, budget: Budget): FastAnswer {
  const first = new Map<number, number>()
  const order = new Int32Array(part.length)
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.returns[i] === NEVER) continue
    if (part.output[i] === NULL)
      throw badOperation(part, i, 'this "generate" is answered without an id. Record the id.')
    const known = first.get(part.output[i])
    if (known !== undefined) return violated([known, i])
    order[first.size] = i
    first.set(part.output[i], i)
  }
  return { result: 'met', order: order.slice(0, first.size) }
}

function account(history: History, _: Json, budget: Budget): Accounting {
  const given = new Map<number, { readonly row: number; readonly id: number; count: number }>()
  let attempted = 0
  let acknowledged = 0
  for (const { row, key, acknowledged: ok, output } of rowsOf(history, Object.keys(numbers), budget)) {
    attempted++
    if (!ok) continue
    acknowledged++
    const name = elementName(key, output)
    const known = given.get(name)
    if (known === undefined) given.set(name, { row, id: output, count: 1 })
    else known.count++
  }
  const duplicated: Accounted[] = []
  for (const { row, id, count } of given.values()) {
    budget.tick()
    if (count > 1) duplicated.push(accounted(history, row, id, count))
  }
  return accounting({
    noun: 'id',
    result: duplicated.length > 0 ? 'violated' : 'met',
    reason: duplicated.length > 0 ? `${duplicated.length} ids were given out more than once` : 'all ids are different',
    attempted,
    acknowledged,
    ok: given.size,
    duplicated,
  })
}

function simulate(part: Part): (i: number) => boolean {
  const given = new Set<number>()
  return (i) => given.size < given.add(part.output[i]).size
}
