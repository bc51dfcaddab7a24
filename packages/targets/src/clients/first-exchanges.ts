import { type Completion, inputError, readsWhole, replacesWhole, type UserError } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import { type ExchangeWatch, exchangeText, REFUSALS, type WrittenRequest } from './exchange.ts'

/** After so many exchanges of one kind without one that worked, it is no chance. */
const MOST = 50

/** For so long a replica may be behind, or a cluster without a leader. */
const LEAST_MS = 3_000

/**
 * Watches the exchanges of a run until reads and writes have worked once. What has never worked is more likely to be a slip in
 * the route table than a fault of the system: then the run ends, instead of accusing the service. It sees what no rehearsal can
 * try: a single fixed object, or names that only the service knows.
 *
 * @param now a monotonic clock, in milliseconds
 */
export function createFirstExchanges(broke: (error: UserError) => void, now: () => number): ExchangeWatch {
  /** By key: an acknowledged write, as it was on the wire. */
  const written = new Map<string, string>()
  const isDue = { refused: createPatience(now), absent: createPatience(now) }
  let hasWritten = false
  let hasFound = false
  const afterWrite = (request: WrittenRequest, answer: Answer, { type }: Completion, key: string): void => {
    if (type === 'ok') {
      hasWritten = true
      if (!hasFound) written.set(key, exchangeText({ request, answer }))
    } else if (!hasWritten && REFUSALS.has(answer.status) && isDue.refused())
      broke(
        inputError(
          `no write works: ${exchangeText({ request, answer })}, and no write before it worked. Correct the route of writes, its path or its body.`,
        ),
      )
  }
  return {
    asked({ f, key = '' }, request) {
      if (hasWritten && hasFound) return nothingMore
      if (replacesWhole(f)) return (answer, completion) => afterWrite(request, answer, completion, key)
      const before = written.get(key)
      return (answer, { type }) => {
        if (hasFound || type !== 'ok') return
        // What is neither a read nor a write may have removed what was written.
        hasFound = !readsWhole(f) || answer.status < MOST_FOUND
        if (hasFound || before === undefined || !isDue.absent()) return
        broke(
          inputError(
            `no read finds anything: ${exchangeText({ request, answer })}, though ${before}. Correct the route of reads.`,
          ),
        )
      }
    },
  }
}

/** Both have worked: nothing is watched any more. */
const nothingMore = (): void => {}

/** Counts failures. True once, when there were enough over enough time. */
function createPatience(now: () => number): () => boolean {
  let count = 0
  let since = 0
  let isOver = false
  return () => {
    if (count++ === 0) since = now()
    if (isOver || count < MOST || now() - since < LEAST_MS) return false
    isOver = true
    return true
  }
}

/** From this status on, an answer says that there is nothing. */
const MOST_FOUND = 400
