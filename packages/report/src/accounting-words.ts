import type { Accounted, Accounting } from '@chaosproxy/checker'
import { count, duration, plural } from '@chaosproxy/history'
import { keyedText } from './operation-words.ts'

interface AccountLine {
  /** What happened to the elements: `lost`, `duplicated`, … */
  readonly what: string
  readonly meaning: string
  readonly count: number
  readonly items: readonly string[]
  /** Whether the elements in this line break the object's promise. Otherwise the line is only information. */
  readonly isTrouble: boolean
}

/**
 * Formats the totals of an accounting: `12 messages tried, 10 acknowledged, 8 seen`, or for a counter `… 8 reads
 * between the least and the greatest sum`.
 */
export function sumsText({ noun, okAre, attempted, acknowledged, ok }: Accounting): string {
  const seen = okAre === 'seen' ? `${count(ok)} seen` : `${plural(ok, 'read')} between the least and the greatest sum`
  return `${plural(attempted, noun)} tried, ${count(acknowledged)} acknowledged, ${seen}`
}

/**
 * Returns a line for each kind of element, such as lost or duplicated ones. A kind without elements has no line. The
 * worst kind is first.
 */
export function accountLines(accounting: Accounting): readonly AccountLine[] {
  const { lost, unexpected, duplicated, stale, recovered, neverRead, excuse, okAre, noun } = accounting
  const { surelyLost } = accounting
  const open = lost.reduce((sum, each) => sum + each.count, 0) - surelyLost
  const lines: readonly (Omit<AccountLine, 'count' | 'items'> & { readonly list: readonly Accounted[] })[] = [
    excuse === 'inside'
      ? { list: lost, what: 'not out yet', meaning: 'acknowledged, and lost or still inside', isTrouble: false }
      : excuse === 'taken'
        ? {
            list: lost,
            what: 'missing',
            meaning: 'operations of unknown outcome may have taken all missing messages',
            isTrouble: false,
          }
        : open > 0 && surelyLost > 0 && noun === 'message'
          ? {
              list: lost,
              what: 'missing',
              meaning: `acknowledged or seen, but never seen later; operations of unknown outcome may have taken ${count(open)} of these messages`,
              isTrouble: true,
            }
          : noun === 'element'
            ? // A node that was not asked may have the elements.
              { list: lost, what: 'missing', meaning: 'acknowledged or seen, and in no later read', isTrouble: true }
            : { list: lost, what: 'lost', meaning: 'acknowledged or seen, but never seen later', isTrouble: true },
    {
      list: unexpected,
      what: 'unexpected',
      meaning: okAre === 'seen' ? 'seen, but never added' : 'reads below the least or above the greatest sum',
      isTrouble: true,
    },
    {
      list: duplicated,
      what: 'duplicated',
      meaning: noun === 'element' ? 'in one read more than once' : 'seen more often than it was added',
      isTrouble: true,
    },
    { list: stale, what: 'stale', meaning: 'missing from a later read, but not lost', isTrouble: false },
    {
      list: recovered,
      what: 'recovered',
      meaning: 'seen, though adding it failed or its outcome was unknown',
      isTrouble: false,
    },
    { list: neverRead, what: 'never read', meaning: 'acknowledged, with no read after it', isTrouble: false },
  ]
  return lines
    .filter(({ list }) => list.length > 0)
    .map(({ list, ...words }) => ({
      ...words,
      count: list.length,
      items: list.map((each) =>
        accountedText(each, { isSurplus: list === duplicated && noun === 'message', isLost: list === lost }),
      ),
    }))
}

function accountedText(
  accounted: Accounted,
  { isSurplus, isLost }: { readonly isSurplus: boolean; readonly isLost: boolean },
): string {
  const { count: times, late, bounds } = accounted
  const seen = isLost ? ` (last seen ${duration(late ?? 0)} later)` : ` (missing for ${duration(late ?? 0)})`
  const often = isSurplus ? ` (${count(times)} too many)` : times > 1 ? ` ×${count(times)}` : ''
  const allowed = bounds === undefined ? '' : ` (allowed: ${bounds[0]} to ${bounds[1]})`
  return `${keyedText(accounted, 16)}${often}${allowed}${late === undefined || late === 0 ? '' : seen}`
}
