import type { Json } from '@chaosproxy/history'
import type { Completions, Touches, Understanding } from '../recorder/call.ts'
import { type Analysed, analyse, nameOfCommand, recognise, touchesOf } from './analyse.ts'
import { isError, type Part } from './answers.ts'
import { completionsOf, type Recognised } from './command-reader.ts'
import type { CommandSet } from './command-set.ts'
import { createIdentity, type Naming } from './identity.ts'
import type { KeySpace } from './key-space.ts'
import { createTransaction, type Transaction } from './transaction.ts'

/** What a request means on its connection. */
export interface Understood {
  readonly understanding: Understanding
  /** What operations change beside what they are recorded to. */
  readonly touched?: { readonly what: string; readonly why: string; readonly touches: Touches } | undefined
  /** What the server sends for it: an answer, nothing that can be told, or so many pushes. */
  readonly awaits: 'answer' | 'nothing' | { readonly pushes: number }
  /** What comes after it means something else where it is not carried out. */
  readonly steers?: true | undefined
  /** What its operations are; none where it has none. */
  readonly parts?: readonly Part[] | undefined
  /** Its answer says of its operations what its commands do. */
  readonly recognised?: Recognised | undefined
  /** Its answer is here, undefined where it cannot be read. What it says of the operations, if there are any. */
  readonly answered?: ((answer: Json | undefined) => Completions) | undefined
}

export interface RespSessionOptions {
  readonly commands: CommandSet
  readonly keySpace: KeySpace
  readonly naming: Naming
  /** It has turned out that something was not what it was taken for: anything may have been changed. */
  readonly lost: (what: string, why: string) => void
}

/** One connection. */
export interface RespSession {
  /** What each of its requests means; undefined words are of one that cannot be read. */
  readonly understand: (words: readonly Json[] | undefined) => Understood
  /**
   * Messages were lost, or are not in order, so that answers say nothing any more. `steering`: something that steers was
   * among those that were not answered yet.
   */
  readonly disturbed: (steering: boolean) => void
}

/** Answered for each channel, as pushes in RESP3; in RESP2 as messages that may come at any time. */
const SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  ...['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'],
])
/** In a transaction they take effect at its end, if they do: from there on, nothing names the client. */
const SAYING_WHO: ReadonlySet<string> = new Set(['CLIENT', 'AUTH', 'HELLO'])
const STEERING: ReadonlySet<string> = new Set(['SELECT', 'RESET', 'MULTI'])
/** After these a connection is a stream of something else. */
const STREAMS: ReadonlySet<string> = new Set(['MONITOR', 'SYNC', 'PSYNC'])

const NOTHING_TO_SAY: Completions = []

/** What a connection remembers from one command to the next. */
export function createRespSession(options: RespSessionOptions): RespSession {
  const { commands, keySpace, naming, lost } = options
  const identity = createIdentity(naming)
  /** Where its commands take effect. */
  const here = { commands, keySpace, database: '0' }
  let transaction: Transaction | undefined
  let protocol: 2 | 3 = 2
  /** Answers are not told apart any more. Requests are still read, for what they change. */
  let isBlind = false
  /** In blindness, nobody knows whether the database was changed. */
  let isDatabaseKnown = true
  /** Whether what is sent is carried out is not known. Operations are still what they ask for. */
  let isDisturbed = false
  let requests = 0

  /** Something that the requests after it were understood by did not happen. Nobody was misled if there are none. */
  const failedAt = (request: number, what: string, why: string): void => {
    if (requests > request) lost(what, why)
  }

  const passedOn = (what: string, touches: Touches, answered?: (answer: Json | undefined) => void): Understood => ({
    understanding: { kind: 'passed-on', what, touches },
    awaits: 'answer',
    ...(answered === undefined
      ? {}
      : {
          answered: (answer) => {
            answered(answer)
            return NOTHING_TO_SAY
          },
        }),
  })

  const operations = (parts: readonly [Part, ...Part[]]): Understanding => {
    const { session } = identity
    if (parts.length === 1) return { kind: 'operations', calls: [parts[0].call], session }
    const [first, ...rest] = parts
    return { kind: 'operations', calls: [first.call, ...rest.map(({ call }) => call)], session }
  }

  const deleting = (understood: Understood, recognised: Recognised, deletes: readonly string[]): Understood => {
    const deleted = keySpace.deleting(deletes)
    const answered = (answer: Json | undefined): Completions => {
      deleted()
      return completionsOf(recognised, answer)
    }
    return { ...understood, recognised: undefined, answered }
  }

  const recorded = (what: string, recognised: Recognised): Understood => {
    const { parts, touches, deletes } = recognised
    const understood: Understood = {
      understanding: operations(parts),
      touched: touches === undefined ? undefined : { what, why: touches.why, touches: { keys: touches.keys } },
      awaits: 'answer',
      parts,
      recognised,
    }
    return deletes === undefined ? understood : deleting(understood, recognised, deletes)
  }

  const plain = (analysed: Analysed): Understood =>
    analysed.kind === 'passed-on'
      ? passedOn(analysed.what, analysed.touches)
      : recorded(analysed.what, analysed.recognised)

  /** What waits in a transaction may still be carried out. */
  const goBlind = (what: string): Understood => {
    isBlind = true
    const touches = transaction?.allTouches ?? 'nothing'
    keySpace.deleting(transaction?.deletes ?? [])
    transaction = undefined
    return { ...passedOn(what, touches), awaits: 'nothing' }
  }

  const blindly = (name: string, words: readonly Json[]): Understood => {
    if (name === 'SELECT' || name === 'RESET') isDatabaseKnown = false
    const analysed = analyse(name, words, here)
    if (analysed.kind === 'recognised') keySpace.deleting(analysed.recognised.deletes ?? [])
    const touches = touchesOf(analysed)
    const all = touches === 'nothing' || isDatabaseKnown ? touches : 'everything'
    return { ...passedOn(nameOfCommand(name), all), awaits: 'nothing' }
  }

  const steering = (understood: Understood): Understood => ({ ...understood, steers: true })

  const select = (words: readonly Json[]): Understood => {
    const before = here.database
    const request = requests
    here.database = String(words[1])
    return passedOn('SELECT', 'nothing', (answer) => {
      if (answer === 'OK') return
      here.database = before
      failedAt(request, 'SELECT', 'it failed, and what was sent behind it went to another database')
    })
  }

  const begin = (): Understood => {
    const request = requests
    transaction = createTransaction(here.database)
    return passedOn('MULTI', 'nothing', (answer) => {
      if (answer === 'OK') return
      transaction = undefined
      failedAt(request, 'MULTI', 'it failed, and what was sent behind it was carried out at once')
    })
  }

  const queue = (open: Transaction, name: string, words: readonly Json[]): Understood => {
    if (name === 'SELECT') open.select(String(words[1]))
    if (SAYING_WHO.has(name)) identity.told(name, words)
    const place = { ...here, database: open.database }
    open.queue(() => analyse(name, words, place))
    return passedOn(`${nameOfCommand(name)} in MULTI`, 'nothing', (answer) => {
      if (answer !== 'QUEUED' && !isError(answer)) lost(name, 'it was to be queued by MULTI, and was not')
    })
  }

  const execute = (open: Transaction): Understood => {
    const before = here.database
    const request = requests
    transaction = undefined
    here.database = open.database
    const { parts, touches } = open
    const deleted = keySpace.deleting(open.deletes)
    const answered = (answer: Json | undefined): Completions => {
      deleted()
      if (Array.isArray(answer) && open.isAstray(answer as readonly Json[]))
        lost('EXEC', 'one of its SELECTs failed, and what stood behind it went to another database')
      if (!Array.isArray(answer) && here.database !== before) {
        here.database = before
        failedAt(request, 'EXEC', 'it failed with its SELECT, and what was sent behind it went to another database')
      }
      return open.completions(answer)
    }
    const [first, ...rest] = parts
    if (first === undefined) return passedOn('EXEC', touches, answered)
    const why = 'in a transaction it was changed by what is no operation'
    return {
      understanding: operations([first, ...rest]),
      touched: touches === 'nothing' ? undefined : { what: 'EXEC', why, touches },
      awaits: 'answer',
      parts,
      answered,
    }
  }

  const subscribe = (name: string, channels: number): Understood => {
    if (protocol === 2 || channels === 0) return goBlind(name)
    return { ...passedOn(name, 'nothing'), awaits: { pushes: channels } }
  }

  const reset = (): Understood => {
    transaction = undefined
    here.database = '0'
    const told = identity.told('RESET', [])
    return passedOn('RESET', 'nothing', (answer) => {
      protocol = 2
      told?.(answer === 'RESET')
    })
  }

  const hello = (words: readonly Json[]): Understood => {
    const told = identity.told('HELLO', words)
    return passedOn('HELLO', 'nothing', (answer) => {
      told?.(answer !== undefined && !isError(answer))
      if (isError(answer)) return
      if (words[1] === '3') protocol = 3
      else if (words[1] === '2') protocol = 2
    })
  }

  const inTransaction = (open: Transaction, name: string, words: readonly Json[]): Understood => {
    switch (name) {
      case 'EXEC':
        return execute(open)
      case 'DISCARD':
        transaction = undefined
        return steering(passedOn('DISCARD', 'nothing'))
      // Carried out, or refused, at once.
      case 'MULTI':
      case 'WATCH':
      case 'QUIT':
        return passedOn(name, 'nothing')
      default:
        return turnsAnswersOff(words) ? goBlind('CLIENT REPLY') : steering(queue(open, name, words))
    }
  }

  const sayWho = (name: string, words: readonly Json[]): Understood => {
    const told = identity.told(name, words)
    return passedOn(name, 'nothing', (answer) => {
      told?.(answer === 'OK')
    })
  }

  const understand: RespSession['understand'] = (words) => {
    requests++
    const [first] = words ?? []
    if (words === undefined || typeof first !== 'string')
      return { ...passedOn('a request that cannot be read', 'everything'), awaits: isBlind ? 'nothing' : 'answer' }
    const name = first.toUpperCase()
    if (!isBlind && transaction === undefined) {
      // Nearly all of them.
      const recognised = recognise(name, words, here)
      if (recognised !== undefined) return recorded(name, recognised)
    }
    if (isDisturbed && STEERING.has(name)) {
      isDatabaseKnown = false
      goBlind(name)
    }
    if (isBlind) return blindly(name, words)
    if (STREAMS.has(name)) return goBlind(name)
    if (SUBSCRIPTIONS.has(name)) return transaction === undefined ? subscribe(name, words.length - 1) : goBlind(name)
    if (name === 'RESET') return steering(reset())
    if (transaction !== undefined) return inTransaction(transaction, name, words)
    switch (name) {
      case 'MULTI':
        return steering(begin())
      case 'SELECT':
        return steering(select(words))
      case 'HELLO':
        return hello(words)
      case 'CLIENT':
      case 'AUTH':
        return turnsAnswersOff(words) ? goBlind('CLIENT REPLY') : sayWho(name, words)
      default:
        return plain(analyse(name, words, here))
    }
  }

  return {
    understand,
    disturbed(steering) {
      isDisturbed = true
      if (!steering && transaction === undefined) return
      isDatabaseKnown = false
      goBlind('a transaction')
      lost('MULTI or SELECT', 'a fault has taken messages out of their order, and it may not have been carried out')
    },
  }
}

/** CLIENT REPLY OFF, or SKIP for the next command. */
const turnsAnswersOff = ([name, subcommand, mode]: readonly Json[]): boolean =>
  isWord(name, 'CLIENT') && isWord(subcommand, 'REPLY') && !isWord(mode, 'ON')

const isWord = (word: Json | undefined, wanted: string): boolean =>
  typeof word === 'string' && word.toUpperCase() === wanted
