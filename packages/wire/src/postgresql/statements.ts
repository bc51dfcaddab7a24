import {
  type Failure,
  type FailureOptions,
  MOST_STATEMENT_BYTES,
  remember,
  type StatementReader,
  type Statements,
  type Substitution,
} from '../framing/statements.ts'
import { writeBackend } from './backend.ts'
import { writeFrontend } from './frontend.ts'
import { MAJOR_VERSION } from './layout.ts'

const HEADER_BYTES = 5
const NOTHING = Buffer.alloc(0)

/**
 * Reads the statements of PostgreSQL, and makes single statements fail. The server's replies to Query, Sync,
 * FunctionCall and the startup message each end with one ReadyForQuery.
 */
export const statements: Statements = { reader, refusal, failure }

function reader(): StatementReader {
  let asking = 0
  let answering = 0
  const prepared = new Map<string, string>()
  const portals = new Map<string, string>()
  const skipRequest = (firstByte: number): void => {
    if (ENDS_EXCHANGE.has(firstByte)) asking++
  }

  function statementOf(type: string, message: Buffer): string | undefined {
    switch (type) {
      case 'Q':
        return textAt(message, HEADER_BYTES)
      case 'P': {
        const name = nameAt(message, HEADER_BYTES)
        remember(prepared, name.text, textAt(message, name.end))
        return undefined
      }
      case 'B': {
        const portal = nameAt(message, HEADER_BYTES)
        remember(portals, portal.text, prepared.get(nameAt(message, portal.end).text) ?? '')
        return undefined
      }
      case 'C':
        if (message[HEADER_BYTES] === STATEMENT) prepared.delete(nameAt(message, HEADER_BYTES + 1).text)
        return undefined
      case 'E':
        return portals.get(nameAt(message, HEADER_BYTES).text)
      default:
        return undefined
    }
  }

  return {
    readRequest(message) {
      const exchange = asking
      const [first = 0] = message
      if (first !== 0) skipRequest(first)
      else if (message.length >= 8 && message.readUInt16BE(4) === MAJOR_VERSION) asking++
      return { exchange, statement: statementOf(String.fromCharCode(first), message) }
    },
    skipRequest,
    readReply([first]) {
      if (first === READY) answering++
    },
    replyBegins(first) {
      if (first === READY) answering++
    },
    get answering() {
      return answering
    },
    awaitsReply: false,
    caughtUp: () => undefined,
  }
}

const codeOf = (type: string): number => type.charCodeAt(0)
const ENDS_EXCHANGE: ReadonlySet<number> = new Set([...'QSF'].map(codeOf))
const [READY, STATEMENT, ERROR, COMPLETE, NOTICE, SYNC] = [...'ZSECNS'].map(codeOf)

function nameAt(message: Buffer, start: number): { readonly text: string; readonly end: number } {
  const zero = message.indexOf(0, start)
  const end = zero < 0 ? message.length : zero
  return { text: message.toString('utf8', start, end), end: end + 1 }
}

function textAt(message: Buffer, start: number): string {
  const { length } = message
  const zero = message.indexOf(0, start)
  return message.toString('utf8', start, Math.min(zero < 0 ? length : zero, start + MOST_STATEMENT_BYTES))
}

function refusal(code: string): string | undefined {
  if (code.length === 5) return undefined
  const nearest = code === '1205' ? '55P03' : '40001'
  return `${code} is an error number of MySQL. Give an SQLSTATE; the nearest is ${nearest}.`
}

/** Errors that end the connection: shutdowns, timeouts of sessions, and failures of connections. */
const FATAL = /^(57P0[1-5]|25P0[34]|08)/
/** A text that every server rejects as a statement. */
const NO_STATEMENT = 'chaos injects an error in place of a statement'
/**
 * Statements that commit or prepare a transaction. If one of these is refused, the session leaves the transaction. If
 * another statement is refused, the transaction fails.
 */
const ENDS_TRANSACTION = /^\s*(commit|end|prepare\s+transaction)\b/i

function failure({ code, message, statement, request }: FailureOptions): Failure {
  const isFatal = FATAL.test(code)
  const severity = isFatal ? 'FATAL' : 'ERROR'
  const fields = [
    ['S', severity],
    ['V', severity],
    ['C', code],
    ['M', message],
  ] as const
  const reply = writeBackend({ kind: 'error', fields })
  if (isFatal) return { kind: 'fatal', reply }
  const isQuery = request[0] === codeOf('Q')
  return ENDS_TRANSACTION.test(statement) ? insteadOfCommit(reply, isQuery) : insteadOf(reply, isQuery)
}

/**
 * Replaces a statement by an invalid one, so that the server itself fails the transaction and skips the rest of the
 * request.
 */
function insteadOf(error: Buffer, isQuery: boolean): Substitution {
  return {
    kind: 'substitution',
    request: writeFrontend(
      isQuery ? { kind: 'query', sql: NO_STATEMENT } : { kind: 'parse', statement: '', sql: NO_STATEMENT, types: [] },
    ),
    reply: (message) => (message[0] === ERROR ? error : message),
    skips: () => false,
    isSurplus: () => false,
  }
}

const isRollback = (message: Buffer): boolean =>
  message[0] === COMPLETE && message.toString('latin1', HEADER_BYTES, message.length - 1) === 'ROLLBACK'

/** Sends ROLLBACK instead of a commit, and `error` instead of the reply to a successful ROLLBACK. */
function insteadOfCommit(error: Buffer, isQuery: boolean): Substitution {
  let isSkipping = !isQuery
  let isSurplus = !isQuery
  return {
    kind: 'substitution',
    request: writeFrontend({ kind: 'query', sql: 'ROLLBACK' }),
    reply: (message) => (isRollback(message) ? error : message[0] === NOTICE ? NOTHING : message),
    skips(message) {
      if (message[0] === SYNC) isSkipping = false
      return isSkipping
    },
    isSurplus(message) {
      if (message[0] !== READY || !isSurplus) return false
      isSurplus = false
      return true
    },
  }
}
