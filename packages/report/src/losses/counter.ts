import type { Accounted } from '@chaosproxy/checker'
import { count, FAIL, type History, inputOf, OK, plural } from '@chaosproxy/history'
import { functionOf, isFinal, isRead, keyOf } from '../operation-words.ts'
import type { FindLoss, Loss } from './loss.ts'

/** `The counter lost 513 additions`, if that is what the final reads lack; otherwise how many reads were wrong. */
export const counterLoss: FindLoss = ({ history, report }) => {
  const wrong = report.accounting?.unexpected ?? []
  if (wrong.length === 0) return undefined
  return inTheEnd(history, wrong) ?? meanwhile(history, wrong)
}

/** Where every final read of a counter is below what was acknowledged, or above the sum of all additions: by how much at least. */
function inTheEnd(history: History, wrong: readonly Accounted[]): Loss | undefined {
  const byRow = new Map(wrong.map((each) => [each.operation, each]))
  const least = new Map<string | undefined, { readonly missing: number; readonly extra: number }>()
  const { length, outcome } = history.operations
  for (let row = 0; row < length; row++) {
    if (!isFinal(history, row) || !isRead(history, row) || outcome[row] !== OK) continue
    const key = keyOf(history, row)
    const known = least.get(key)
    const { missing, extra } = offBy(byRow.get(row))
    least.set(key, {
      missing: Math.min(missing, known?.missing ?? missing),
      extra: Math.min(extra, known?.extra ?? extra),
    })
  }
  const missing = rounded([...least.values()].reduce((sum, each) => sum + each.missing, 0))
  const extra = rounded([...least.values()].reduce((sum, each) => sum + each.extra, 0))
  const isOne = [...least.values()].filter((each) => each.missing + each.extra > 0).length === 1
  const name = isOne ? 'The counter' : 'The counters'
  if (missing > 0)
    return {
      title: ones(history)
        ? `${name} lost ${plural(missing, 'addition')}`
        : `${name} lost ${count(missing)} of the sum`,
      level: 'eventual',
    }
  return extra > 0
    ? { title: `${name} ended ${count(extra)} above the sum of all additions`, level: 'eventual' }
    : undefined
}

function meanwhile(history: History, wrong: readonly Accounted[]): Loss {
  const low = wrong.filter((each) => offBy(each).missing > 0).length
  const reads = plural(low === 0 ? wrong.length : low, 'read')
  if (low > 0 && onlyAdds(history)) return { title: `${reads} missed acknowledged additions` }
  if (low === 0) return { title: `${reads} returned more than was added` }
  return { title: `${plural(wrong.length, 'read')} returned an impossible sum` }
}

/** How far a read is below the least or above the most that the additions allow. */
function offBy(read: Accounted | undefined): { readonly missing: number; readonly extra: number } {
  if (read?.bounds === undefined || typeof read.value !== 'number') return { missing: 0, extra: 0 }
  const [least, most] = read.bounds
  return { missing: Math.max(0, least - read.value), extra: Math.max(0, read.value - most) }
}

/** Sums of fractions are not exact. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6

const isAddition = (f: string): boolean => f === 'add' || f.startsWith('inc')

const onlyAdds = (history: History): boolean => updates(history, (f) => isAddition(f))

/** Whether every update adds one, so that the sum is their number. */
const ones = (history: History): boolean =>
  updates(history, (f, amount) => isAddition(f) && (amount === 1 || amount === null))

function updates(history: History, holds: (f: string, amount: unknown) => boolean): boolean {
  const { length, outcome } = history.operations
  for (let row = 0; row < length; row++) {
    if (isRead(history, row) || outcome[row] === FAIL) continue
    const f = functionOf(history, row)
    if (!holds(f, inputOf(history, row))) return false
  }
  return true
}
