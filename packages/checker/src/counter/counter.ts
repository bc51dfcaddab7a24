import { foundOrMade, type Json } from '@chaosproxy/history'
import { addTo, range } from '../encoding/lists.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { Specification } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { decimal, LARGEST_FRACTION } from '../object/model/decimal.ts'
import type { ObjectEntry } from '../object/model/object-model.ts'
import { badOperation, eventsInOrder, jsonOf, type Part } from '../object/model/part.ts'
import { type FastAnswer, NOT_APPLICABLE, violated } from '../object/model/slots.ts'
import { createHeap } from '../search/heap.ts'
import { accountOfCounter, allowedText, convergenceOfCounter } from './account.ts'
import { amountOf, counterNumbers, READ, SLACK, startOf } from './operations.ts'
import { amounts, impossibleCount } from './sums.ts'

/**
 * A number with additions and reads. Increments without a value add one; a read of null means the initial value.
 * Fractions are added as decimals, to nine places.
 */
export const counter: ObjectEntry = {
  name: 'counter',
  aliases: ['pn-counter', 'g-counter'],
  summary: 'a number that is added to and read',
  functions: ['add', 'increment', 'subtract', 'decrement', 'read'],
  levels: ['linearizable', 'eventual', 'convergent'],
  object: {
    // A missing amount means one.
    mayLackInput: ['add', 'increment', 'inc', 'subtract', 'decrement', 'dec'],
    rule: 'a read returns the sum of everything added before it',
    numbers: counterNumbers,
    reads: [READ],
    specification,
    fast: countOnes,
    refute: (part, initial, budget) => impossibleCount(part, startOf(initial), budget),
    supports,
    beside: (history, row, { initial }) => {
      const allowed = allowedText(history, row, initial)
      return allowed && `but ${allowed}`
    },
    account: accountOfCounter,
    contentOf: (output, initial) => {
      const read = output ?? (isUnknownStart(initial) ? output : startOf(initial))
      return typeof read === 'number' ? decimal(read) : read
    },
    eventual: convergenceOfCounter,
  },
}

function specification(initial: Json): Specification<number> {
  const start = startOf(initial)
  return {
    initial: start,
    step: (state, operation) => {
      if (operation.f !== 'read') return [decimal(state + amountOf(operation))]
      const { output } = operation
      return (typeof output === 'number' ? decimal(output) : (output ?? start)) === state ? [state] : []
    },
    key: String,
  }
}

/**
 * Decides a counter whose additions all have the same amount, in O(n log n). Different amounts make the problem as hard
 * as subset sum.
 *
 * The algorithm keeps the count as low as the completed operations allow: it counts an addition when an uncounted
 * addition returns, or when a returning read has a result higher than the count. Additions are interchangeable, so the
 * one that returns first is counted first. An open read takes effect when the count equals its result. In every other
 * order the count is at least as high at each moment. So if this order cannot explain a read, no order can.
 */
function countOnes(part: Part, initial: Json, budget: Budget): FastAnswer {
  const { length, returns } = part
  const start = startOf(initial)
  const amount = amounts(part, budget)
  let unit = 0
  let same = true
  let sign = 0
  for (const each of amount) {
    if (Number.isNaN(each) || each === 0) continue
    if (unit === 0) unit = each
    else if (each !== unit) same = false
    if (sign === 0) sign = Math.sign(each)
    else if (sign !== Math.sign(each)) return NOT_APPLICABLE
  }
  const seen = Float64Array.from({ length }, (_, i) => {
    budget.tick()
    if (part.f[i] !== READ) return 0
    const value = jsonOf(part, part.output[i]) ?? start
    if (typeof value !== 'number')
      throw badOperation(part, i, `a read must return a number, not ${JSON.stringify(value)}.`)
    // The sum of the additions that this read includes, negated if additions are negative.
    return decimal(value - start) * (sign === 0 ? 1 : sign)
  })
  if (!same) return NOT_APPLICABLE

  const step = Math.abs(unit)
  const events = eventsInOrder(part, budget)
  const open = createHeap((a, b) => returns[a] - returns[b])
  const waiting = new Map<number, number[]>()
  const done = new Uint8Array(length)
  const order: number[] = []
  let count = 0
  const emit = (operation: number): void => {
    done[operation] = 1
    order.push(operation)
  }
  const rise = (operation: number): void => {
    emit(operation)
    count++
    for (const read of waiting.get(count) ?? []) emit(read)
    waiting.delete(count)
  }
  for (const event of events) {
    budget.tick()
    const i = event >> 1
    if ((event & 1) === 0) {
      if (part.f[i] !== READ) {
        if (amount[i] === 0) emit(i)
        else open.push(i)
        continue
      }
      if (!Number.isInteger(step) && seen[i] > LARGEST_FRACTION) return NOT_APPLICABLE
      const wanted = step === 0 ? 0 : Math.round(seen[i] / step)
      if (decimal(wanted * step) !== seen[i] || wanted < count) return violated([i])
      if (wanted === count) emit(i)
      else addTo(waiting, wanted, i)
      continue
    }
    if (done[i] === 1) continue
    if (part.f[i] !== READ) {
      // Removes addition `i` from `open`. Of the additions not counted yet, `i` returns first.
      open.pop()
      rise(i)
      continue
    }
    while (done[i] === 0) {
      const next = open.pop()
      if (next === undefined) return violated([i])
      rise(next)
    }
  }
  return { result: 'met', order: Int32Array.from(order) }
}

/**
 * For additions of one sign: returns a function that tests whether a subset of operations adds enough to explain its
 * reads.
 */
function supports(part: Part, budget: Budget): (some: readonly number[]) => boolean {
  const amount = amounts(part, budget)
  const signs = new Set(Array.from(amount, Math.sign).filter((sign) => sign === 1 || sign === -1))
  const isAddition = (i: number): boolean => !Number.isNaN(amount[i])
  const all = range(0, part.length)
  const isExplained = (read: number, some: readonly number[]): boolean => {
    const added = some.filter((i) => isAddition(i) && part.calls[i] < part.returns[read])
    const sum = added.reduce((total, i) => total + Math.abs(amount[i]), 0)
    return Math.abs(Number(jsonOf(part, part.output[read]) ?? 0)) <= sum + SLACK
  }
  const inWhole = new Map<number, boolean>()
  const isExplainedInWhole = (read: number): boolean => {
    return foundOrMade(inWhole, read, () => isExplained(read, all))
  }
  return (some) => {
    if (signs.size > 1) {
      const there = new Set(some)
      return all.every((i) => there.has(i) || !isAddition(i))
    }
    return some.every((i) => isAddition(i) || isExplained(i, some) || !isExplainedInWhole(i))
  }
}
