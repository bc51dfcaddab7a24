import type { Json } from '@chaosproxy/history'
import { declined, type Interpretation, joined, type Touches } from '../record/call.ts'
import { type Analysed, touchesOf } from './analyse.ts'
import { type CommandOperation, isError, isList, refusalOf } from './answers.ts'
import { completionsOf } from './command-reader.ts'
import type { PlacedLifetime } from './expirations.ts'

/**
 * The commands between MULTI and EXEC, which Redis executes atomically during the EXEC. They are recorded separately,
 * without their atomicity.
 */
export interface Transaction {
  readonly database: string
  readonly select: (database: string) => void
  /** Queues a command. It is analysed at the end, because other clients may change its meaning. */
  readonly queue: (analyse: () => Analysed) => void
  readonly parts: readonly CommandOperation[]
  readonly lifetimes: readonly PlacedLifetime[]
  readonly touches: Touches
  /** All keys that the transaction may change. Used if the reply to EXEC cannot be matched to the transaction. */
  readonly allTouches: Touches
  readonly deletes: readonly string[]
  readonly flushes: boolean
  /** Whether a SELECT command of the transaction failed. The commands after it were recorded for the wrong database. */
  readonly isAstray: (answer: readonly Json[]) => boolean
  /** Returns the completion of each part from the reply to EXEC; undefined stands for an unreadable reply. */
  readonly completions: (answer: Json | undefined) => readonly Interpretation[]
}

/** Maximum number of recorded commands. A longer transaction counts as changing every key. */
const MOST_QUEUED = 10_000

const ABORTED = declined('a key that was watched has changed')

export function createTransaction(startsIn: string): Transaction {
  let database = startsIn
  let waiting: (() => Analysed)[] = []
  let analysed: readonly Analysed[] | undefined
  let isTooLong = false
  const all = (): readonly Analysed[] => {
    analysed ??= waiting.map((analyse) => analyse())
    return analysed
  }
  const recognised = () => all().map((each) => each.recognised)
  return {
    get database() {
      return database
    },
    select(selected) {
      database = selected
    },
    queue(analyse) {
      if (waiting.length >= MOST_QUEUED) {
        isTooLong = true
        waiting = []
      }
      if (!isTooLong) waiting.push(analyse)
    },
    get parts() {
      return recognised().flatMap((command) => command?.parts ?? [])
    },
    get lifetimes() {
      return all().flatMap(({ lifetimes = [] }, at) => lifetimes.map((lifetime) => ({ lifetime, at })))
    },
    get touches() {
      return isTooLong ? 'everything' : joined(all().map(({ touches }) => touches))
    },
    get allTouches() {
      return isTooLong ? 'everything' : joined(all().map(touchesOf))
    },
    get deletes() {
      return recognised().flatMap((command) => command?.deletes ?? [])
    },
    get flushes() {
      return all().some(({ flushes }) => flushes === true)
    },
    isAstray: (answer) => all().some(({ what }, i) => what === 'SELECT' && answer[i] !== 'OK'),
    completions(answer) {
      const commands = recognised()
      const forAll = (completion: Interpretation) =>
        commands.flatMap((command) => command?.parts.map(() => completion) ?? [])
      if (answer === null) return forAll(ABORTED)
      if (isError(answer)) return forAll(refusalOf(answer.error))
      const answers = isList(answer) && answer.length === commands.length ? answer : []
      return commands.flatMap((command, i) => {
        if (command === undefined) return []
        const completions = completionsOf(command, answers[i])
        return 'type' in completions ? command.parts.map(() => completions) : completions
      })
    },
  }
}
