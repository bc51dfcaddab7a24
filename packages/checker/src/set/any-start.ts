import { canonical, type Json } from '@chaosproxy/history'
import { type Specification, WrongValue } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { type AnyStart, type Guesses, sorted } from '../object/model/any-start.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { READ } from './operations.ts'
import { elementOf, found } from './set.ts'

/** The elements known to be in it and, until it was read whole, those known not to be. */
interface Elements {
  readonly isKnown: boolean
  readonly present: readonly string[]
  readonly absent: readonly string[]
}

const specification: Specification<Elements> = {
  initial: { isKnown: false, present: [], absent: [] },
  step: (elements, { f, value, output }) => {
    const { isKnown, present, absent } = elements
    const element = canonical(f === 'contains' ? elementOf(value, output) : value)
    const become = (isIn: boolean): Elements => {
      const others = (list: readonly string[]): readonly string[] => list.filter((each) => each !== element)
      if (isIn) return { isKnown, present: sorted([...present, element]), absent: others(absent) }
      return { isKnown, present: others(present), absent: isKnown ? [] : sorted([...absent, element]) }
    }
    switch (f) {
      case 'add':
        return [become(true)]
      case 'remove':
        return [become(false)]
      case 'contains': {
        const isIn = found(output)
        if (present.includes(element)) return isIn ? [elements] : []
        if (isKnown || absent.includes(element)) return isIn ? [] : [elements]
        return [become(isIn)]
      }
      default:
        return afterRead(elements, output ?? [])
    }
  },
  key: ({ isKnown, present, absent }) => JSON.stringify([isKnown, present, absent]),
}

function afterRead({ isKnown, present, absent }: Elements, output: Json): readonly Elements[] {
  if (!Array.isArray(output)) throw new WrongValue(`a read returns a list, not ${JSON.stringify(output)}`)
  const read = sorted(output.map((each: Json) => canonical(each)))
  const fits =
    read.length === output.length &&
    present.every((each) => read.includes(each)) &&
    (isKnown ? read.length === present.length : !absent.some((each) => read.includes(each)))
  return fits ? [{ isKnown: true, present: read, absent: [] }] : []
}

/**
 * A set that only grows loses nothing: the elements that every read returned may have been there initially. If elements are
 * removed, no guess can refute, since no fast method applies.
 */
function guesses(part: Part, budget: Budget): Guesses {
  let common: Set<number> | undefined
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] !== READ) continue
    const read = part.contents(part.row[i])
    if (common === undefined) common = new Set(read)
    else if (common.size > 0) {
      const seen = new Set(read)
      for (const each of common) if (!seen.has(each)) common.delete(each)
    }
  }
  return { starts: [Array.from(common ?? [], (id) => jsonOf(part, id))], isComplete: true }
}

export const setFromAny: AnyStart = { specification, guesses }
