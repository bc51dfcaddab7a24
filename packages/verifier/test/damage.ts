import type { LevelProof } from '../src/index.ts'
import type { Case } from './histories.ts'
import { differences } from './maker.ts'

/** Returns a random item; undefined for an empty list. */
const one = <Item>(items: readonly Item[], random: () => number): Item | undefined =>
  items[Math.floor(random() * items.length)]

const linesOf = (order: readonly number[]): number[] => {
  let line = 0
  return order.map((difference) => {
    line += difference
    return line
  })
}

/** Exchanges, drops, repeats, invents or cuts off lines. */
function damaged(lines: readonly number[], most: number, random: () => number): number[] {
  const at = Math.floor(random() * lines.length)
  const other = Math.floor(random() * lines.length)
  switch (Math.floor(random() * 5)) {
    case 0:
      return lines.with(at, lines[other]!).with(other, lines[at]!)
    case 1:
      return lines.toSpliced(at, 1)
    case 2:
      return lines.toSpliced(other, 0, lines[at]!)
    case 3:
      return lines.toSpliced(at, 0, 1 + Math.floor(random() * most))
    default:
      return lines.slice(0, at)
  }
}

/** Returns forged proofs of a level: the checker's proofs with changes, and invented proofs. */
export function tamperedProofs(
  { events, history, levels }: Case,
  level: string,
  entries: readonly LevelProof[],
  random: () => number,
): LevelProof[][] {
  const called = [...history.operations.callLine]
  const shuffled = called.toSorted(() => random() - 0.5)
  const proofs: LevelProof[][] = [
    [{ level, result: 'violated', core: shuffled.slice(0, 1 + Math.floor(random() * called.length)) }],
    [{ level, result: 'violated', core: called }],
    [{ level, result: 'met', order: differences(shuffled) }],
    // At some levels, an order contains each line twice: for the start and for the commit of a transaction.
    [{ level, result: 'met', order: differences([...called, ...called].toSorted(() => random() - 0.5)) }],
    [{ level, result: 'met', order: differences(called.flatMap((line) => [line, line])) }],
    [{ level, result: 'met', final: true }],
    [{ level, result: 'violated', final: true }],
    [{ level, result: 'met', sources: sourcesOf({ events }, random) }],
  ]
  const other = one(levels, random) ?? level
  for (const [n, entry] of entries.entries()) {
    // The proof of one level, claimed for another level.
    proofs.push(entries.map((each) => ({ ...each, level: other })))
    for (let times = 0; times < 2; times++) {
      if ('order' in entry && entry.order.length > 0) {
        const order = differences(damaged(linesOf(entry.order), events.length, random))
        proofs.push(entries.with(n, { ...entry, order }))
      }
      if ('core' in entry) proofs.push(entries.with(n, { ...entry, core: damaged(entry.core, events.length, random) }))
    }
    if (entries.length > 1) proofs.push(entries.toSpliced(n, 1))
  }
  return proofs
}

/**
 * Returns a changed version of an order that the verifier refused, as an attacker would try next. `why` is the reason
 * for the refusal, and begins with the line of an operation. If the order lacks this operation, inserts it. Otherwise
 * removes it, moves it, or inserts an operation before it.
 */
export function repaired(
  order: readonly number[],
  why: string,
  called: readonly number[],
  random: () => number,
): number[] {
  const lines = linesOf(order)
  const line = Number(/^line (\d+)/.exec(why)?.[1] ?? 0)
  const at = lines.lastIndexOf(line)
  const elsewhere = Math.floor(random() * (lines.length + 1))
  if (at === -1) return differences(lines.toSpliced(elsewhere, 0, line))
  switch (Math.floor(random() * 4)) {
    case 0:
      return differences(lines.toSpliced(at, 1))
    case 1:
      return differences(lines.toSpliced(at, 0, one(called, random)!))
    default:
      return differences(lines.toSpliced(at, 1).toSpliced(elsewhere, 0, line))
  }
}

/** Returns, for each answered read, the line of a write of its value, or none. */
function sourcesOf({ events }: Pick<Case, 'events'>, random: () => number): number[] {
  const called = new Map<unknown, number>()
  const reads: { readonly line: number; readonly key: unknown; readonly value: unknown }[] = []
  for (const [at, { process, type, f, key, value }] of events.entries()) {
    if (type === 'invoke') called.set(process, at + 1)
    else if (type === 'ok' && f === 'read') reads.push({ line: called.get(process)!, key, value })
  }
  return reads
    .toSorted((a, b) => a.line - b.line)
    .map((read) => {
      const writes = events.flatMap(({ type, f, key, value }, at) =>
        type === 'invoke' && f === 'write' && key === read.key && value === read.value ? [at + 1] : [],
      )
      return one(read.value === null ? [...writes, 0] : writes, random) ?? 0
    })
}
