import { inFileOf, type Mutation } from './mutation.ts'

/** Deliberate mistakes in reading and writing messages of protocols. */
export const wireMutations: readonly Mutation[] = [
  ...inFileOf(
    'wire',
    'amqp/frames.ts',
    ['amqp'],
    [
      {
        name: 'wire-amqp-refuses-whole-frames',
        before: "if (bytes[size - 1] !== END) return 'a frame without an end'",
        after: "if (bytes[size - 1] === END) return 'a frame without an end'",
        breaks: 'no frame of a RabbitMQ is read',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'http/body-capture.ts',
    ['http/body-capture'],
    [
      {
        name: 'wire-captured-bodies-are-empty',
        before: 'if (only === undefined) return EMPTY',
        after: 'if (only !== undefined) return EMPTY',
        breaks: 'every recorded body is empty',
      },
      {
        name: 'wire-captured-bodies-are-borrowed',
        before: 'this.#pieces[this.#borrowedFrom] = Buffer.from(this.#pieces[this.#borrowedFrom] ?? NOTHING)',
        after: 'this.#pieces[this.#borrowedFrom] = this.#pieces[this.#borrowedFrom] ?? NOTHING',
        breaks: 'a body in several pieces has bytes of what arrived later',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'http/path-pattern.ts',
    ['http/path-pattern'],
    [
      {
        name: 'wire-name-in-a-path-matches-slashes',
        before: '} else if (path.charCodeAt(at) === SLASH) {',
        after: '} else if (path.charCodeAt(at) !== SLASH) {',
        breaks: 'a name in a pattern matches slashes alone',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'grpc/parse-schema.ts',
    ['grpc/schemas'],
    [
      {
        name: 'wire-declared-messages-are-ignored',
        before: 'if (messages !== undefined || methods !== undefined) {',
        after: 'if (messages !== undefined && methods !== undefined) {',
        breaks: 'messages that are declared without methods are unknown',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'mysql/statements.ts',
    ['mysql/statements'],
    [
      {
        name: 'wire-mysql-deadlock-leaves-the-transaction',
        before: 'const rollsBack = number === DEADLOCK || ENDS_TRANSACTION.test(statement)',
        after: 'const rollsBack = number === DEADLOCK && ENDS_TRANSACTION.test(statement)',
        breaks: 'after an injected deadlock the transaction goes on, although its client was told otherwise',
      },
      {
        name: 'wire-mysql-any-reply-is-the-last',
        before: 'return !hasMore(payload.length === END_BYTES ? payload.readUInt16LE(3) : 0)',
        after: 'return true',
        breaks: 'the second set of rows is taken for the reply to the next statement',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'postgresql/statements.ts',
    ['postgresql/statements'],
    [
      {
        name: 'wire-postgresql-counts-no-exchanges',
        before: 'if (first !== 0) askedUnread(first)',
        after: 'if (first === 0) askedUnread(first)',
        breaks: 'an injected error of one statement is given to another',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'resp/resp-scanner.ts',
    ['framing'],
    [
      {
        name: 'wire-resp-lengths-without-a-limit',
        before: 'if (byte < ZERO || byte > NINE || digits === MOST_DIGITS) return false',
        after: 'if (byte < ZERO || byte > NINE || digits !== MOST_DIGITS) return false',
        breaks: 'no message of Redis with a length is framed',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'http2/hpack/hpack-decoder.ts',
    ['http2'],
    [
      {
        name: 'wire-hpack-takes-fields-for-table-sizes',
        before: 'if ((first & 0xe0) === 0x20) {',
        after: 'if ((first & 0xe0) !== 0x20) {',
        breaks: 'header fields of HTTP/2 are not read',
      },
    ],
  ),
]
