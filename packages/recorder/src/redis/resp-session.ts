import type { Json } from '@chaosproxy/history'
import type { Completions, Touches } from '../record/call.ts'
import type { Naming } from '../record/naming.ts'
import { analyse, nameOfCommand, type Place, touchesOf } from './analyse.ts'
import { isError, isList } from './answers.ts'
import { isScript, isWord } from './command-effects.ts'
import { completionsOf, type Recognised } from './command-reader.ts'
import type { CommandSet } from './command-set.ts'
import type { PlacedLifetime } from './expirations.ts'
import { createIdentity, type Identity, isOwnNaming } from './identity.ts'
import type { Flushed, KeySpace } from './key-space.ts'
import type { Lifetime } from './lifetime.ts'
import { createTransaction, type Transaction } from './transaction.ts'
import { operations, passedOn, steering, type Understood } from './understood.ts'

export interface RespSessionOptions {
  readonly commands: CommandSet
  readonly keySpace: KeySpace
  readonly naming: Naming
  /** Called when earlier requests may have been misread, so that any key may have changed. */
  readonly lost: (what: string, why: string) => void
}

/**
 * The commands that change subscriptions. In RESP3, the server confirms each channel by a push, which differs from a
 * reply. In RESP2, confirmations and published messages look like replies, so replies can no longer be matched to
 * requests.
 */
const SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  ...['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'],
])
/**
 * The commands that identify a client. It is uncertain whether they take effect in a transaction, so the client then
 * counts as unnamed.
 */
const IDENTIFYING: ReadonlySet<string> = new Set(['CLIENT', 'AUTH', 'HELLO'])
const STEERING: ReadonlySet<string> = new Set(['SELECT', 'RESET', 'MULTI'])
/** After these commands the connection carries a stream of other data. */
const STREAMS: ReadonlySet<string> = new Set(['MONITOR', 'SYNC', 'PSYNC'])

type ProtocolVersion = 2 | 3

/** The state of a connection, which determines the meaning of its commands. */
export class RespSession {
  readonly #keySpace: KeySpace
  readonly #lost: RespSessionOptions['lost']
  readonly #identity: Identity
  /** The selected database, the recorder's key space, and the set of recorded commands. */
  readonly #here: Place & { database: string }
  #transaction: Transaction | undefined
  #protocol: ProtocolVersion = 2
  #isBlind = false
  /** Whether it is certain which database is selected. This may be certain even while `#isBlind` is set. */
  #isDatabaseKnown = true
  /** Whether requests may be lost or reordered on the way to the server. They are still recorded. */
  #isDisturbed = false
  #requests = 0

  constructor({ commands, keySpace, naming, lost }: RespSessionOptions) {
    this.#keySpace = keySpace
    this.#lost = lost
    this.#identity = createIdentity(naming)
    this.#here = { commands, keySpace, database: '0' }
  }

  /** Returns the meaning of the next request. `words` is undefined if the request cannot be read. */
  understand(words: readonly Json[] | undefined): Understood {
    this.#requests++
    const [first] = words ?? []
    if (words === undefined || typeof first !== 'string')
      return {
        ...passedOn('a request that cannot be read', 'everything'),
        awaits: this.#isBlind ? 'nothing' : 'answer',
      }
    const name = first.toUpperCase()
    // Handle the usual case first: the command is recorded, and does not change the state of the connection.
    if (!this.#isBlind && this.#transaction === undefined && this.#here.commands.readers.has(name))
      return this.#plain(name, words)
    if (this.#isDisturbed && STEERING.has(name)) {
      this.#isDatabaseKnown = false
      this.#goBlind(name)
    }
    return this.#isBlind ? this.#blindly(name, words) : this.#control(name, words)
  }

  /**
   * Call when messages were lost or reordered, because later replies then prove nothing.
   *
   * @param steering whether an unanswered request decides what later requests mean.
   */
  disturbed(steering: boolean): void {
    this.#isDisturbed = true
    if (!steering && this.#transaction === undefined) return
    this.#isDatabaseKnown = false
    this.#goBlind('a transaction')
    this.#lost(
      'MULTI or SELECT',
      'a fault has lost or reordered messages, so this command may not have been carried out',
    )
  }

  /**
   * Returns the keys that change if a fault sends this command to the server in place of the recorded command. If the
   * command cannot be read, `words` is undefined, and every key may change.
   */
  touchedBy(words: readonly Json[] | undefined): Touches {
    const [first] = words ?? []
    if (words === undefined || typeof first !== 'string') return 'everything'
    const name = first.toUpperCase()
    const isPlain = this.#transaction === undefined && this.#isDatabaseKnown && !STEERING.has(name)
    return isPlain ? touchesOf(analyse(name, words, this.#here)) : 'everything'
  }

  /** The meaning of a command that controls the connection or is not recorded. */
  #control(name: string, words: readonly Json[]): Understood {
    const transaction = this.#transaction
    if (STREAMS.has(name)) return this.#goBlind(name)
    if (SUBSCRIPTIONS.has(name))
      return transaction === undefined ? this.#subscribe(name, words.length - 1) : this.#goBlind(name)
    if (name === 'RESET') return steering(this.#reset())
    if (transaction !== undefined) return this.#inTransaction(transaction, name, words)
    switch (name) {
      case 'MULTI':
        return steering(this.#begin())
      case 'SELECT':
        return steering(this.#select(words))
      case 'HELLO':
        return this.#hello(words)
      case 'WAIT':
        return this.#wait(words)
      case 'CLIENT':
      case 'AUTH':
        return turnsAnswersOff(words) ? this.#goBlind('CLIENT REPLY') : this.#identify(name, words)
      default:
        return this.#plain(name, words)
    }
  }

  #inTransaction(open: Transaction, name: string, words: readonly Json[]): Understood {
    switch (name) {
      case 'EXEC':
        return this.#execute(open)
      case 'DISCARD':
        this.#transaction = undefined
        return steering(passedOn('DISCARD', 'nothing'))
      // Redis executes or refuses these commands at once, even inside a transaction.
      case 'MULTI':
      case 'WATCH':
      case 'QUIT':
        return passedOn(name, 'nothing')
      default:
        return turnsAnswersOff(words) ? this.#goBlind('CLIENT REPLY') : steering(this.#queue(open, name, words))
    }
  }

  #wait(words: readonly Json[]): Understood {
    const replicas = Number(words[1])
    const waiting = passedOn('WAIT', 'nothing')
    return this.#here.commands.isConfirmedByWait && replicas > 0 ? { ...waiting, confirmedBy: replicas } : waiting
  }

  #plain(name: string, words: readonly Json[]): Understood {
    const { what, recognised, touches, lifetimes, flushes } = analyse(name, words, this.#here)
    if (recognised !== undefined) return this.#recorded(what, recognised)
    if (flushes === true) {
      const flushed = this.#keySpace.deleting([], this.#flushedBy(what))
      return passedOn(what, touches, (answer) => flushed(answer === 'OK'))
    }
    const passed = isScript(name) ? { ...passedOn(what, touches), isScript: true as const } : passedOn(what, touches)
    return lifetimes === undefined ? passed : { ...passed, lifetimes: lifetimes.map(alone) }
  }

  #recorded(what: string, recognised: Recognised): Understood {
    const { parts, touches, deletes, lifetimes, flushes } = recognised
    const understood: Understood = {
      understanding: operations(parts, this.#identity),
      touched: touches === undefined ? undefined : { what, why: touches.why, touches: { keys: touches.keys } },
      awaits: 'answer',
      parts,
      lifetimes: lifetimes?.map(alone),
      recognised,
    }
    if (deletes === undefined && flushes !== true) return understood
    return this.#deleting(understood, recognised, flushes === true ? this.#flushedBy(what) : undefined)
  }

  #flushedBy(name: string): Flushed {
    return name === 'FLUSHALL' ? 'everything' : { database: this.#here.database }
  }

  #deleting(understood: Understood, recognised: Recognised, flushes: Flushed | undefined): Understood {
    const deleted = this.#keySpace.deleting(recognised.deletes ?? [], flushes)
    const answered = (answer: Json | undefined): Completions => {
      deleted(answer === 'OK')
      return completionsOf(recognised, answer)
    }
    return { ...understood, recognised: undefined, answered }
  }

  /** Stops matching replies. Queued commands may still be executed. */
  #goBlind(what: string): Understood {
    this.#isBlind = true
    const touches = this.#transaction?.allTouches ?? 'nothing'
    this.#keySpace.deleting(this.#transaction?.deletes ?? [], this.#transaction && flushedIn(this.#transaction))
    this.#transaction = undefined
    return { ...passedOn(what, touches), awaits: 'nothing' }
  }

  #blindly(name: string, words: readonly Json[]): Understood {
    if (name === 'SELECT' || name === 'RESET') this.#isDatabaseKnown = false
    const analysed = analyse(name, words, this.#here)
    this.#keySpace.deleting(analysed.recognised?.deletes ?? [], analysed.flushes && 'everything')
    const touches = touchesOf(analysed)
    const all = touches === 'nothing' || this.#isDatabaseKnown ? touches : 'everything'
    return { ...passedOn(nameOfCommand(name), all), awaits: 'nothing' }
  }

  #select(words: readonly Json[]): Understood {
    const before = this.#here.database
    const request = this.#requests
    this.#here.database = String(words[1])
    return passedOn('SELECT', 'nothing', (answer) => {
      if (answer === 'OK') return
      this.#here.database = before
      this.#failedAt(
        request,
        'SELECT',
        'the SELECT failed, so the commands sent after it were assigned to the wrong database',
      )
    })
  }

  #begin(): Understood {
    const request = this.#requests
    this.#transaction = createTransaction(this.#here.database)
    return passedOn('MULTI', 'nothing', (answer) => {
      if (answer === 'OK') return
      this.#transaction = undefined
      this.#failedAt(request, 'MULTI', 'MULTI failed, so later commands were executed immediately instead of queued')
    })
  }

  #queue(open: Transaction, name: string, words: readonly Json[]): Understood {
    if (name === 'SELECT') open.select(String(words[1]))
    if (IDENTIFYING.has(name)) this.#identity.received(name, words, 'later')
    const place = { ...this.#here, database: open.database }
    open.queue(() => analyse(name, words, place))
    return passedOn(`${nameOfCommand(name)} in MULTI`, 'nothing', (answer) => {
      if (answer !== 'QUEUED' && !isError(answer)) this.#lost(name, 'the server did not queue this command after MULTI')
    })
  }

  #execute(open: Transaction): Understood {
    const answered = this.#executed(open)
    this.#transaction = undefined
    this.#here.database = open.database
    const { parts, touches, lifetimes } = open
    const [first, ...rest] = parts
    if (first === undefined) return { ...passedOn('EXEC', touches, answered), lifetimes }
    const why = 'an unrecorded command of the transaction may have changed the key'
    return {
      understanding: operations([first, ...rest], this.#identity),
      touched: touches === 'nothing' ? undefined : { what: 'EXEC', why, touches },
      awaits: 'answer',
      parts,
      lifetimes,
      answered,
    }
  }

  #executed(open: Transaction): (answer: Json | undefined) => Completions {
    const before = this.#here.database
    const request = this.#requests
    const deleted = this.#keySpace.deleting(open.deletes, flushedIn(open))
    return (answer) => {
      deleted()
      if (isList(answer) && open.isAstray(answer))
        this.#lost(
          'EXEC',
          'a SELECT in the transaction failed, so the commands after this SELECT went to another database',
        )
      if (!Array.isArray(answer) && this.#here.database !== before) {
        this.#here.database = before
        this.#failedAt(
          request,
          'EXEC',
          'the EXEC failed, so its SELECT had no effect, and the commands sent after the EXEC were assigned to the wrong database',
        )
      }
      return open.completions(answer)
    }
  }

  #subscribe(name: string, channels: number): Understood {
    if (this.#protocol === 2 || channels === 0) return this.#goBlind(name)
    return { ...passedOn(name, 'nothing'), awaits: { pushes: channels } }
  }

  #reset(): Understood {
    this.#transaction = undefined
    this.#here.database = '0'
    const settle = this.#identity.received('RESET', [])
    return passedOn('RESET', 'nothing', (answer) => {
      this.#protocol = 2
      settle?.(answer === 'RESET')
    })
  }

  #hello(words: readonly Json[]): Understood {
    const settle = this.#identity.received('HELLO', words)
    return passedOn('HELLO', 'nothing', (answer) => {
      settle?.(answer !== undefined && !isError(answer))
      if (isError(answer)) return
      if (words[1] === '3') this.#protocol = 3
      else if (words[1] === '2') this.#protocol = 2
    })
  }

  #identify(name: string, words: readonly Json[]): Understood {
    const settle = this.#identity.received(name, words)
    const passed = passedOn(name, 'nothing', (answer) => {
      settle?.(answer === 'OK')
    })
    if (!isOwnNaming(words)) return passed
    return { ...passed, understanding: { kind: 'passed-on', what: name, touches: 'nothing', isOwn: true } }
  }

  /**
   * Call when a request such as SELECT or MULTI has failed. The requests that arrived after it were read as if it had
   * succeeded.
   */
  #failedAt(request: number, what: string, why: string): void {
    if (this.#requests > request) this.#lost(what, why)
  }
}

/**
 * Returns what a transaction's flush deletes; undefined if the transaction has no flush. `everything` is correct even
 * for a flush of one database: the difference matters only if the flush is reported as successful (see
 * `KeySpace.deleting`). A transaction's flush is never reported as successful, because the transaction may write keys
 * after it.
 */
const flushedIn = ({ flushes }: Transaction): Flushed | undefined => (flushes ? 'everything' : undefined)

const alone = (lifetime: Lifetime): PlacedLifetime => ({ lifetime, at: undefined })

/** Whether a command turns off replies: `CLIENT REPLY OFF`, or once by `SKIP`. */
const turnsAnswersOff = ([name, subcommand, mode]: readonly Json[]): boolean =>
  isWord(name, 'CLIENT') && isWord(subcommand, 'REPLY') && !isWord(mode, 'ON')
