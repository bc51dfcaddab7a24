import {
  type Completion,
  type Input,
  inputError,
  meaningOf,
  readsWhole,
  replacesWhole,
  type UserError,
} from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import { type ExchangeWatch, exchangeText, REFUSALS, type WrittenRequest } from './exchange.ts'

/** The number of failed exchanges of one kind after which the kind is reported as broken. */
const MOST = 50

/** The time for which a replica may be behind, or a cluster may have no leader. */
const LEAST_MS = 3_000

/**
 * Watches the exchanges of a run until reads and writes have worked once. If they never work, the route table is
 * probably wrong, so the run ends. A rehearsal cannot try a table with a single fixed object, or with names that only
 * the service knows.
 *
 * @param now a monotonic clock, in milliseconds
 */
export function createFirstExchanges(broke: (error: UserError) => void, now: () => number): ExchangeWatch {
  const written = new Map<string, string>()
  const isDue = { refused: createPatience(now), absent: createPatience(now) }
  let hasWritten = false
  let hasFound = false
  const afterWrite = ({ f, key = '' }: Input, request: WrittenRequest, answer: Answer, { type }: Completion): void => {
    if (type === 'ok') {
      hasWritten = true
      // A read after a write must find the written value. After another change, a read may rightly find nothing.
      if (!replacesWhole(f)) hasFound = true
      else if (!hasFound) written.set(key, exchangeText({ request, answer }))
    } else if (!hasWritten && REFUSALS.has(answer.status) && isDue.refused())
      broke(
        inputError(
          `no ${f} works: ${exchangeText({ request, answer })}, and no earlier ${f} worked. Correct the path or the body in the route of ${f}.`,
        ),
      )
  }
  return {
    requested(input, request) {
      if (hasWritten && hasFound) return nothingMore
      const { f, key = '' } = input
      if (isFirstChange(f)) return (answer, completion) => afterWrite(input, request, answer, completion)
      const before = written.get(key)
      return (answer, { type }) => {
        if (hasFound || type !== 'ok') return
        // Only a read of the whole object must find the written value. Any other function may rightly find nothing,
        // because another operation may have removed the value.
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

/**
 * Returns whether the function can make the first change of an object. If a service refuses every call of such a
 * function, the route table is wrong. Excludes compare-and-set, which may rightly fail.
 */
function isFirstChange(f: string): boolean {
  const { effect = 'reads', takes } = meaningOf(f) ?? {}
  return ['replaces', 'adds', 'appends', 'moves', 'acquires', 'transacts'].includes(effect) && takes !== 'pair'
}

/** Watches nothing, because reads and writes have both worked. */
const nothingMore = (): void => {}

/**
 * Returns a function to call at each failure. It returns true once: when there have been enough failures over enough
 * time.
 */
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

/** An answer with this status or a higher one means that the object does not exist. */
const MOST_FOUND = 400
