import { foundOrMade } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Budget } from '../limits/budget.ts'
import { isExplained } from '../object/search/explained.ts'
import type { Guarantee } from './guarantees.ts'
import type { RecordedOperation } from './operations.ts'
import type { Message } from './record.ts'
import { workQueue } from './specification.ts'

export interface Following {
  isFollowed(kept: readonly Guarantee[], some: Some, isStartUnknown?: boolean): boolean | undefined
}

export interface Some {
  readonly message: Message
  readonly operations: readonly RecordedOperation[]
  /** A text that describes the operations in sequence. It omits their values, clients and times. */
  readonly story: string
}

export const someOf = (message: Message, operations: readonly RecordedOperation[]): Some => ({
  ...{ message, operations },
  story: storyOf(message.text, operations),
})

/**
 * Creates a search for an order of a message's operations that the specification allows. Messages with the same `story`
 * share one search, except for `no-double-leases`, which depends on times.
 */
export function createFollowing(budget: Budget): Following {
  const known = new Map<string, boolean | undefined>()
  return {
    isFollowed(kept, { message, operations, story }, isStartUnknown = false) {
      const { text, initially } = message
      const initial = Array.from({ length: initially }, () => text)
      const search = () => isExplained(workQueue({ kept: new Set(kept), initial, isStartUnknown }), operations, budget)
      if (kept.includes('no-double-leases')) return search()
      const question = `${kept.join()} ${isStartUnknown} ${initially} ${story}`
      if (!known.has(question)) known.set(question, search())
      return known.get(question)
    },
  }
}

function storyOf(text: string, operations: readonly RecordedOperation[]): string {
  const receipts = new Map<string, number>()
  const did = operations.map((each): string => {
    switch (each.does) {
      case 'enqueue':
        return `e${each.isConfirmed}`
      case 'look':
        return `l${each.counts.get(text) ?? 0} ${each.isLast} ${each.invented.has(text)}`
      default: {
        const receipt = foundOrMade(receipts, each.receipt, () => receipts.size)
        return `${each.does}${receipt} ${each.does === 'take' && each.isInvented}`
      }
    }
  })
  const events = operations
    .flatMap(({ call, return: end }, i) => [
      { at: call, text: did[i] },
      { at: end, text: end === NEVER ? '' : `.${i}` },
    ])
    .sort((a, b) => a.at - b.at)
  return events.map(({ text }) => text).join(' ')
}
