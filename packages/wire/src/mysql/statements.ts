import {
  type Failure,
  type FailureOptions,
  MOST_STATEMENT_BYTES,
  remember,
  type StatementReader,
  type Statements,
} from '../framing/statements.ts'
import { COMMAND, HEADER_BYTES, STATUS } from './layout.ts'
import { packetOf } from './packet.ts'
import { queryCommand } from './requests.ts'

/** Reads the statements of MySQL and MariaDB, and makes them fail. A command with a reply is one exchange. */
export const statements: Statements = { reader, refusal: () => undefined, failure }

const [OK, LOCAL_FILE, END, ERROR] = [0, 0xfb, 0xfe, 0xff]
const END_BYTES = 5
/** The minimum size of the reply to a prepare command: its first byte, the statement's number, and two counts. */
const PREPARED_BYTES = 9
/** The statement id that means the last prepared statement in MariaDB. */
const LAST = 0xff_ff_ff_ff
const NO_REPLY: readonly number[] = [COMMAND.quit, COMMAND.longData, COMMAND.closeStatement]

interface Outstanding {
  readonly command: number
  /** The statement that the command prepares. */
  readonly sql: string | undefined
}

function reader(): StatementReader {
  const prepared = new Map<number, string>()
  let outstanding: Outstanding[] = []
  let asking = 0
  let answering = 0
  const reply = replyEnd()

  function end(): void {
    outstanding.shift()
    answering++
    reply.begin()
  }

  function begin(command: number, sql: string | undefined): number {
    outstanding.push({ command, sql })
    return asking++
  }

  return {
    readRequest(message) {
      const command = message[HEADER_BYTES] ?? 0
      if (message[HEADER_BYTES - 1] !== 0 || NO_REPLY.includes(command)) {
        if (command === COMMAND.closeStatement && message.length >= 9) prepared.delete(message.readUInt32LE(5))
        return { exchange: asking, statement: undefined }
      }
      const sql = message.toString('utf8', HEADER_BYTES + 1, HEADER_BYTES + 1 + MOST_STATEMENT_BYTES)
      const executed = command === COMMAND.execute && message.length >= 9 ? message.readUInt32LE(5) : undefined
      if (command === COMMAND.prepare) remember(prepared, LAST, sql)
      const statement = command === COMMAND.query ? sql : executed === undefined ? undefined : prepared.get(executed)
      return { exchange: begin(command, command === COMMAND.prepare ? sql : undefined), statement }
    },
    skipRequest: () => void begin(COMMAND.query, undefined),
    readReply(message) {
      const [first] = outstanding
      if (first === undefined) return
      const payload = message.subarray(HEADER_BYTES)
      if (first.sql !== undefined && reply.isFirst && payload[0] === OK && payload.length >= PREPARED_BYTES)
        remember(prepared, payload.readUInt32LE(1), first.sql)
      if (reply.isLast(payload, first.command)) end()
    },
    replyBegins: () => undefined,
    get answering() {
      return answering
    },
    get awaitsReply() {
      return outstanding.at(-1)?.sql !== undefined
    },
    caughtUp() {
      outstanding = []
      answering = asking
      reply.begin()
    },
  }
}

function replyEnd() {
  let state: 'first' | 'columns' | 'rows' = 'first'
  /** The number of packets still to come after a statement was prepared. */
  let left = 0

  function isLastOfFirst(payload: Buffer, command: number): boolean {
    const [first] = payload
    if (first === ERROR || command === COMMAND.statistics) return true
    if (command === COMMAND.prepare && payload.length >= PREPARED_BYTES) {
      const [columns, parameters] = [payload.readUInt16LE(5), payload.readUInt16LE(7)]
      left = [columns, parameters].reduce((sum, count) => sum + (count === 0 ? 0 : count + 1), 0)
      return left === 0
    }
    if (first === OK) return !hasMore(statusOfOk(payload))
    if (first === END) return payload.length <= END_BYTES
    // If the server asks for a local file, no columns follow: it sends an OK after the file.
    if (first !== LOCAL_FILE) state = command === COMMAND.fieldList ? 'rows' : 'columns'
    return false
  }

  return {
    get isFirst() {
      return state === 'first' && left === 0
    },
    begin(): void {
      state = 'first'
      left = 0
    },
    isLast(payload: Buffer, command: number): boolean {
      if (left > 0) return --left === 0
      if (state === 'first') return isLastOfFirst(payload, command)
      if (payload[0] === ERROR) return true
      if (payload[0] !== END || payload.length > END_BYTES) return false
      if (state === 'columns') {
        state = 'rows'
        return false
      }
      state = 'first'
      return !hasMore(payload.length === END_BYTES ? payload.readUInt16LE(3) : 0)
    },
  }
}

const hasMore = (status: number): boolean => (status & STATUS.moreResults) !== 0

/** Returns the status in an OK packet, after two numbers of one to nine bytes. */
function statusOfOk(payload: Buffer): number {
  let at = 1
  for (let number = 0; number < 2; number++) {
    const first = payload[at] ?? 0
    at += first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9
  }
  return at + 2 <= payload.length ? payload.readUInt16LE(at) : 0
}

const DEADLOCK = 1213
const UNKNOWN = 1105
const SHUTDOWN = 1053
/** MySQL's error numbers for well-known SQLSTATEs. */
const numbers: { readonly [state: string]: number } = {
  '23000': 1062,
  '40001': DEADLOCK,
  '40P01': DEADLOCK,
  '57P01': SHUTDOWN,
  '08S01': SHUTDOWN,
}
const states: { readonly [number: number]: string } = { 1062: '23000', [DEADLOCK]: '40001', [SHUTDOWN]: '08S01' }
/** Errors that end the connection: the server shuts down, or has killed the connection. */
const FATAL: readonly number[] = [SHUTDOWN, 1927, 4031]
const ENDS_TRANSACTION = /^\s*commit\b/i

/**
 * Returns how to make a statement fail. Instead of the statement, the server gets a rollback if the error ends the
 * transaction, and otherwise a ping. The client gets the error instead of the server's OK.
 */
function failure({ code, message, statement }: FailureOptions): Failure {
  const number = code.length === 4 ? Number(code) : (numbers[code] ?? UNKNOWN)
  const state = code.length === 5 && code !== '57P01' ? code : (states[number] ?? 'HY000')
  const payload = Buffer.concat([Buffer.from([ERROR, number & 0xff, number >> 8]), Buffer.from(`#${state}${message}`)])
  if (FATAL.includes(number)) return { kind: 'fatal', reply: packetOf({ sequence: 1, payload }) }
  const rollsBack = number === DEADLOCK || ENDS_TRANSACTION.test(statement)
  return {
    kind: 'substitution',
    request: packetOf({ sequence: 0, payload: rollsBack ? queryCommand('ROLLBACK') : Buffer.from([COMMAND.ping]) }),
    reply: ([, , , sequence = 1]) => packetOf({ sequence, payload }),
    skips: () => false,
    isSurplus: () => false,
  }
}
