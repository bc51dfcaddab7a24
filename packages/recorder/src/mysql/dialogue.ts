import { mysql } from '@chaosproxy/wire'
import {
  CAPABILITY,
  type Command,
  type Login,
  type ParameterTypes,
  packetIn,
  readColumn,
  readCommand,
  readGreeting,
  readLogin,
  readParameters,
  readPrepared,
  STATUS,
} from '@chaosproxy/wire/mysql'
import type { Dialogue, Speech, SpeechEnds } from '../postgresql/speech.ts'
import { type Answer, AnswerReader } from './answer.ts'
import { statementsOf } from './sql-tokens.ts'
import { type MysqlRequest, Turns } from './turns.ts'

export const mysqlSpeech: Speech = { name: 'MySQL', framing: mysql, open: (ends) => new MysqlDialogue(ends) }

/** Default names that programs give every connection. They identify no client. */
const NAMES_OF_PROGRAMS = /^(mysql|mariadb|mysqldump|mariadb-dump|MySQL Connector\/J|mysql-connector-python)$/

interface Prepared {
  readonly sql: string | undefined
  /** The number of parameters. Until the server reports it, the number counted in the text. */
  parameters: number
  types: ParameterTypes | undefined
  /** The numbers of the parameters whose values the client sent in separate commands. */
  readonly apart: Set<number>
}

type Pending =
  | { readonly kind: 'statement'; readonly reader: AnswerReader }
  /**
   * `next`: a command that the client sent before it had the answer to this prepare command. The server answers `next`
   * afterwards.
   */
  | { readonly kind: 'prepare'; readonly prepared: Prepared; next: Pending | undefined }
  /** The definitions of a prepared statement's columns and parameters. `left`: packets still expected. */
  | { readonly kind: 'definitions'; left: number; next: Pending | undefined }
  | { readonly kind: 'reset' | 'harmless' | 'text' | 'fields' }

/**
 * In MariaDB, this statement id denotes the last prepared statement. Clients can use it before they know the real id.
 */
const LAST_PREPARED = 0xff_ff_ff_ff

/**
 * A MySQL connection. The client must wait for each answer before it sends the next command. One exception is
 * supported: the client may execute a statement that is still being prepared. The recorder gives up any other
 * connection.
 */
class MysqlDialogue implements Dialogue {
  readonly #ends: SpeechEnds
  readonly #turns: Turns
  readonly #prepared: Map<number, Prepared> = new Map()
  readonly #inDoubleQuotes: readonly string[]
  #login: Login | undefined
  #phase: 'greeting' | 'login' | 'proof' | 'commands' = 'greeting'
  #pending: Pending | undefined
  #lastPrepared: Prepared | undefined

  constructor(ends: SpeechEnds) {
    this.#ends = ends
    this.#turns = new Turns(ends)
    this.#inDoubleQuotes = [...(ends.commands.tables?.keys() ?? [])].map((name) => `"${name}"`)
  }

  requested(frame: Buffer): void {
    const { payload } = packetIn(frame)
    switch (this.#phase) {
      case 'greeting':
        this.#ends.lost('a connection of MySQL whose client speaks first')
        return
      case 'login': {
        const login = readLogin(payload)
        if (login === 'tls') {
          this.#ends.lost('an encrypted connection of MySQL (connect to the proxy without TLS)')
          return
        }
        this.#login = login
        this.#phase = 'proof'
        const name = login.attributes.get('program_name')
        const isOwn = name !== undefined && !NAMES_OF_PROGRAMS.test(name)
        const named = isOwn ? [['application_name', name] as const] : []
        const parameters = [...named, ['search_path', login.database.toLowerCase()] as const]
        this.#ends.asks({ kind: 'startup', minorVersion: 0, parameters })
        return
      }
      case 'proof':
        return
      case 'commands':
        this.#command(readCommand(payload))
    }
  }

  answered(frame: Buffer): void {
    const { payload } = packetIn(frame)
    switch (this.#phase) {
      case 'greeting':
        // A server that refuses the connection sends an error first.
        if (payload[0] === 0xff) return
        readGreeting(payload)
        this.#phase = 'login'
        return
      case 'login':
        return
      case 'proof':
        // Any other packet is a further step of the login.
        if (payload[0] !== 0) return
        this.#phase = 'commands'
        this.#settled(new AnswerReader().read(payload))
        return
      case 'commands':
        this.#answer(payload)
    }
  }

  #command(command: Command): void {
    if (command.kind === 'quit') return
    if (command.kind === 'close') {
      this.#prepared.delete(command.statement)
      return
    }
    if (command.kind === 'long-data') {
      this.#prepared.get(command.statement)?.apart.add(command.parameter)
      return
    }
    const isAwaited = this.#pending !== undefined
    if (isAwaited && !(command.kind === 'execute' && command.statement === LAST_PREPARED && this.#canFollow())) {
      this.#ends.lost(
        'a connection of MySQL that sends a command before the previous one is answered (turn its pipelining off)',
      )
      return
    }
    switch (command.kind) {
      case 'query':
        this.#ask({ sql: command.sql, values: undefined }, false)
        return
      case 'prepare':
        this.#prepares(command.sql)
        return
      case 'execute':
        this.#execute(command)
        return
      case 'reset':
      case 'harmless':
        this.#pending = { kind: command.kind }
        return
      case 'set-option':
      case 'statistics':
        this.#pending = { kind: 'text' }
        return
      case 'field-list':
        this.#pending = { kind: 'fields' }
        return
      case 'other':
        this.#ends.lost(`a connection of MySQL with the command ${command.number}`)
    }
  }

  #execute({ statement, usesCursor, bytes }: Extract<Command, { readonly kind: 'execute' }>): void {
    const prepared = statement === LAST_PREPARED ? this.#lastPrepared : this.#prepared.get(statement)
    if (prepared === undefined) {
      this.#ends.lost('a connection of MySQL with a statement prepared before')
      return
    }
    if (usesCursor) {
      this.#ends.lost('a connection of MySQL with cursors of prepared statements')
      return
    }
    const { values, types } = readParameters(bytes, prepared.parameters, prepared.types, prepared.apart)
    prepared.types = types
    prepared.apart.clear()
    this.#ask({ sql: prepared.sql, values }, true)
  }

  /** Whether a command may follow before the expected answer. */
  #canFollow(): boolean {
    const pending = this.#pending
    return (pending?.kind === 'prepare' || pending?.kind === 'definitions') && pending.next === undefined
  }

  #prepares(sql: string | undefined): void {
    const marks =
      sql === undefined
        ? undefined
        : statementsOf(sql)
            ?.flat()
            .filter(({ kind }) => kind === 'parameter')
    const prepared = { sql, parameters: marks?.length ?? 0, types: undefined, apart: new Set<number>() }
    this.#lastPrepared = prepared
    this.#pending = { kind: 'prepare', prepared, next: undefined }
  }

  #ask(request: Omit<MysqlRequest, 'countsFound'>, isBinary: boolean): void {
    const statement: Pending = { kind: 'statement', reader: new AnswerReader(isBinary) }
    if (this.#pending?.kind === 'prepare' || this.#pending?.kind === 'definitions') this.#pending.next = statement
    else this.#pending = statement
    const text = request.sql?.toLowerCase() ?? ''
    if (this.#inDoubleQuotes.some((name) => text.includes(name))) {
      this.#ends.lost('a connection of MySQL with a table in double quotes, as with ANSI_QUOTES (use backticks)')
      return
    }
    const countsFound = ((this.#login?.capabilities ?? 0) & CAPABILITY.foundRows) !== 0
    this.#turns.ask({ ...request, countsFound })
  }

  #answer(payload: Buffer): void {
    const pending = this.#pending
    if (pending === undefined) return
    switch (pending.kind) {
      case 'statement': {
        const answer = pending.reader.read(payload)
        if (answer === undefined) return
        this.#pending = undefined
        if (answer.kind === 'local-file') {
          this.#ends.lost('a connection of MySQL with LOAD DATA LOCAL')
          return
        }
        this.#turns.answer(answer)
        this.#settled(answer)
        return
      }
      case 'prepare':
        this.#prepare(pending, payload)
        return
      case 'definitions':
        if (--pending.left === 0) this.#pending = pending.next
        return
      case 'fields':
        if (payload[0] === 0xfe || payload[0] === 0xff) this.#pending = undefined
        else readColumn(payload)
        return
      case 'text':
        this.#pending = undefined
        return
      case 'reset':
      case 'harmless': {
        const answer = new AnswerReader().read(payload)
        this.#pending = undefined
        if (pending.kind === 'reset' && answer?.kind === 'done') {
          this.#prepared.clear()
          this.#lastPrepared = undefined
          this.#turns.reset()
        }
        this.#settled(answer)
      }
    }
  }

  #prepare({ prepared, next }: Extract<Pending, { readonly kind: 'prepare' }>, payload: Buffer): void {
    this.#pending = next
    if (payload[0] === 0xff) {
      this.#lastPrepared = undefined
      return
    }
    const { id, columns, parameters } = readPrepared(payload)
    if (next !== undefined && parameters !== prepared.parameters) {
      this.#ends.lost(
        'a connection of MySQL with a prepared statement in which chaos and the server count different numbers of parameters',
      )
      return
    }
    prepared.parameters = parameters
    this.#prepared.set(id, prepared)
    if (this.#prepared.size > MOST_PREPARED) {
      this.#ends.lost('a connection of MySQL with too many statements')
      return
    }
    const left = (columns > 0 ? columns + 1 : 0) + (parameters > 0 ? parameters + 1 : 0)
    if (left > 0) this.#pending = { kind: 'definitions', left, next }
  }

  /** Applies the status of an answer. In some SQL modes, later statements are unreadable. */
  #settled(answer: Answer | undefined): void {
    if (answer?.kind !== 'done') return
    if ((answer.status & (STATUS.noBackslashEscapes | STATUS.ansiQuotes)) !== 0) {
      this.#ends.lost('a connection of MySQL with ANSI_QUOTES or NO_BACKSLASH_ESCAPES in its sql_mode')
      return
    }
    this.#turns.status(answer.status)
  }
}

const MOST_PREPARED = 100_000
