import type { Call, Waits } from '../command.ts'
import { isListening } from '../commands/connections.ts'
import { leaveAll } from '../commands/pub-sub.ts'
import { commands } from '../commands/registry.ts'
import { forget, isOutdated } from '../commands/transactions.ts'
import { CommandError, UnknownCommand, WrongWordCount } from '../failures.ts'
import { NO_ARRAY, type Reply } from '../reply.ts'
import { journaled } from '../scripting/cache.ts'
import { createSession, type Session } from '../session.ts'
import type { Change, Store } from '../store.ts'

const AT_ONCE: readonly string[] = ['MULTI', 'EXEC', 'DISCARD', 'WATCH', 'QUIT', 'RESET']
const WHILE_LISTENING: readonly string[] = [
  ...['SUBSCRIBE', 'UNSUBSCRIBE', 'PSUBSCRIBE', 'PUNSUBSCRIBE', 'PING', 'QUIT', 'RESET'],
]

/**
 * Executes a command, and the waiting commands that it unblocks.
 *
 * @throws UnknownCommand
 */
export function execute(store: Store, session: Session, words: readonly string[], now: number): void {
  store.now = now
  if (session.waiting !== undefined) {
    session.backlog.push(words)
    return
  }
  const reply = failing(() => answer(store, session, words))
  if (reply !== undefined) session.outbox.push(reply)
  serveWaiting(store)
}

export function giveUp(store: Store, session: Session, now: number): void {
  const { waiting } = session
  if (waiting === undefined) return
  store.now = now
  goOn(store, session, waiting.nothing)
  serveWaiting(store)
}

export function disconnect(store: Store, session: Session): void {
  session.waiting = undefined
  session.backlog.length = 0
  store.blocked.delete(session)
  leaveAll(store, session)
}

export function redo(store: Store, changes: readonly Change[]): void {
  const session = createSession(0)
  for (const { now, draws, database, commands: lines } of changes) {
    store.now = now
    store.draws = draws
    session.database = database
    for (const words of lines) failing(() => withoutWaiting(store, session, words))
  }
}

function failing(act: () => Reply | undefined): Reply | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof CommandError) return { error: error.message }
    throw error
  }
}

function answer(store: Store, session: Session, words: readonly string[]): Reply | undefined {
  const name = (words[0] ?? '').toUpperCase()
  if (isListening(session) && commands.has(name) && !WHILE_LISTENING.includes(name))
    throw new CommandError(
      `ERR Can't execute '${name.toLowerCase()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
    )
  if (session.queued === undefined) return noting(store, session, [words], () => runOrWait(store, session, words))
  if (name === 'EXEC') return executeQueued(store, session)
  if (AT_ONCE.includes(name)) return run(store, session, words) as Reply
  try {
    commandOf(words)
  } catch (error) {
    session.aborted = true
    throw error
  }
  session.queued.push(words)
  return { simple: 'QUEUED' }
}

function executeQueued(store: Store, session: Session): Reply {
  const lines = session.queued ?? []
  const [aborted, outdated] = [session.aborted, isOutdated({ store, session })]
  session.watched.clear()
  session.aborted = false
  if (aborted || outdated) session.queued = undefined
  if (aborted) throw new CommandError('EXECABORT Transaction discarded because of previous errors.')
  if (outdated) return NO_ARRAY
  const replies = noting(store, session, lines, () =>
    lines.map((words) => failing(() => withoutWaiting(store, session, words)) ?? null),
  )
  forget(session)
  return replies
}

/** Runs `act`, and records its changes of keys in the journal. */
function noting<T>(store: Store, session: Session, lines: readonly (readonly string[])[], act: () => T): T {
  const { journal, changes: before, draws, now } = store
  const { database } = session
  try {
    return act()
  } finally {
    if (journal !== undefined && store.changes > before)
      journal.push({ now, draws, database, commands: lines.map((words) => journaled(store, words)) })
  }
}

function commandOf(words: readonly string[]) {
  const [name = ''] = words
  const command = commands.get(name.toUpperCase())
  if (command === undefined) throw new UnknownCommand(unknownText(words))
  if (!fits(words, command.words)) throw new WrongWordCount(name)
  const wanted = command.subcommands?.[(words[1] ?? '').toUpperCase()]
  if (wanted !== undefined && !fits(words, wanted)) throw new WrongWordCount(`${name}|${words[1]}`)
  return command
}

const fits = ({ length }: readonly string[], wanted: number): boolean =>
  wanted >= 0 ? length === wanted : length >= -wanted

const unknownText = ([name = '', next]: readonly string[]): string =>
  /^(CLIENT|CONFIG|SCRIPT|XGROUP|XINFO|OBJECT|DEBUG|CLUSTER|MEMORY|FUNCTION|ACL)$/i.test(name) && next !== undefined
    ? `${name.toUpperCase()} ${next.toUpperCase()}`
    : name.toUpperCase()

function run(store: Store, session: Session, words: readonly string[]): Reply | Waits | undefined {
  const command = commandOf(words)
  const [name = '', ...args] = words
  const perform: Call['perform'] = (other, line) => withoutWaiting(store, other, line) ?? null
  const database = store.database(session.database)
  const call: Call = { store, session, database, name, args, perform, requireRunnable: commandOf }
  return command.run(call)
}

const isWaits = (result: Reply | Waits | undefined): result is Waits =>
  typeof result === 'object' && result !== null && 'waits' in result

/** Runs a command. Returns undefined if there is no reply to write. */
function runOrWait(store: Store, session: Session, words: readonly string[]): Reply | undefined {
  const result = run(store, session, words)
  if (!isWaits(result)) return result
  const { waits } = result
  const reply = firstServed(store, session, waits)
  if (reply !== undefined) return reply
  session.waiting = { ...waits, database: session.database }
  store.blocked.add(session)
  return undefined
}

function withoutWaiting(store: Store, session: Session, words: readonly string[]): Reply | undefined {
  const result = run(store, session, words)
  return isWaits(result) ? (firstServed(store, session, result.waits) ?? result.waits.nothing) : result
}

function firstServed(store: Store, session: Session, { keys, does, reply }: Waits['waits']): Reply | undefined {
  for (const key of keys) {
    const served = run(store, session, does(key))
    const answer = served === undefined || isWaits(served) ? undefined : reply(key, served)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** Serves the sessions that wait for a key, in order of arrival. */
function serveWaiting(store: Store): void {
  while (store.touched.length > 0) {
    const { database, key } = store.touched.shift() ?? { database: 0, key: '' }
    for (const session of [...store.blocked]) {
      const { waiting } = session
      if (waiting === undefined || waiting.database !== database || !waiting.keys.includes(key)) continue
      const words = waiting.does(key)
      const served = failing(() => noting(store, session, [words], () => run(store, session, words) as Reply))
      // If the value of the key has the wrong type for the command, the session continues to wait.
      if (served === undefined || isError(served)) continue
      const answer = waiting.reply(key, served)
      if (answer !== undefined) goOn(store, session, answer)
    }
  }
}

const isError = (reply: Reply): boolean => typeof reply === 'object' && reply !== null && 'error' in reply

/** Ends a wait with a reply, and executes the commands that arrived meanwhile. */
function goOn(store: Store, session: Session, reply: Reply): void {
  session.waiting = undefined
  store.blocked.delete(session)
  session.outbox.push(reply)
  while (session.waiting === undefined && session.backlog.length > 0) {
    const words = session.backlog.shift() ?? []
    const next = failing(() => answer(store, session, words))
    if (next !== undefined) session.outbox.push(next)
  }
}
