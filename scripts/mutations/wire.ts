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
        before: 'if (first !== 0) skipRequest(first)',
        after: 'if (first === 0) skipRequest(first)',
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
  ...inFileOf(
    'wire',
    'amqp/frames.ts',
    ['amqp'],
    [
      {
        name: 'wire-amqp-numbers-a-method-wrongly',
        before: "'basic.get-ok': [60, 71],",
        after: "'basic.get-ok': [60, 72],",
        breaks: 'a fault of basic.get-ok hits nothing',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'mysql/answers.ts',
    ['mysql/values', 'mysql'],
    [
      {
        name: 'wire-mysql-error-is-an-ok',
        before: "if (payload[0] === ERROR) return { kind: 'error', error: readError(payload) }",
        occurrence: 1,
        after: "if (payload[0] === OK) return { kind: 'error', error: readError(payload) }",
        breaks: 'what MySQL refused is not read',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'mysql/requests.ts',
    ['mysql'],
    [
      {
        name: 'wire-mysql-statement-numbers-of-five-bytes',
        before: 'const [statement, flags] = [cursor.integer(4), cursor.integer(1)]',
        after: 'const [statement, flags] = [cursor.integer(3), cursor.integer(1)]',
        breaks: 'prepared statements of MySQL are executed with the parameters of no one',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'http/request-head.ts',
    ['http/parser', 'http'],
    [
      {
        name: 'wire-http-1-0-keeps-its-connection',
        before: "return options.includes('close') || (minorVersion === 0 && !options.includes('keep-alive'))",
        after: "return options.includes('close') || (minorVersion === 0 && options.includes('keep-alive'))",
        breaks: 'an injected reply to a client of HTTP/1.0 never ends',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'http/coding/content-coding.ts',
    ['http/content-coding'],
    [
      {
        name: 'wire-unpacks-without-a-limit',
        before: "if (length > most) throw new Error('the content is too long')",
        after: ';',
        breaks: 'a small compressed body fills the memory',
      },
      {
        name: 'wire-unpacked-parts-are-overwritten',
        before: 'parts.push(part.slice())',
        after: 'parts.push(part)',
        breaks: 'a long body in zstd has parts of what follows',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'http2/plain-block.ts',
    ['http2/plain-block'],
    [
      {
        name: 'wire-hpack-lengths-of-one-byte',
        before: 'if (value < full) return Buffer.from([first | value])',
        after: 'if (value <= full) return Buffer.from([first | value])',
        breaks: 'a header field of 127 bytes breaks its connection of HTTP/2',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'websocket/frame.ts',
    ['framing/websocket'],
    [
      {
        name: 'wire-websocket-masks-are-shifted',
        before: 'for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[start - 4 + (i & 3)] ?? 0)',
        after: 'for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[start - 4] ?? 0)',
        breaks: 'messages of clients of WebSocket are not read',
      },
      {
        name: 'wire-websocket-long-messages-are-short',
        before: 'const extendedBytes = short < 126 ? 0 : short === 126 ? 2 : 8',
        after: 'const extendedBytes = short < 126 ? 0 : 2',
        breaks: 'no message of WebSocket of 64 KiB and more is read',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'postgresql/postgresql-scanner.ts',
    ['postgresql/messages'],
    [
      {
        name: 'wire-postgresql-longest-startup-is-refused',
        before: 'if (!isKnown || length < 8 || length > LONGEST_STARTUP_BYTES) return NOT_FRAMED',
        after: 'if (!isKnown || length <= 8 || length > LONGEST_STARTUP_BYTES) return NOT_FRAMED',
        breaks: 'a client of PostgreSQL that asks for TLS is not followed',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'grpc/wire-reader.ts',
    ['grpc/messages'],
    [
      {
        name: 'wire-protobuf-large-numbers-lose-bits',
        before: 'if (i === 4) high = bits >>> 4',
        after: 'if (i === 4) high = bits >>> 3',
        breaks: '64-bit numbers in messages of gRPC are read wrongly',
      },
    ],
  ),
  ...inFileOf(
    'wire',
    'mysql/statements.ts',
    ['mysql/statements'],
    [
      {
        name: 'wire-mysql-closed-statement-is-known',
        before:
          'if (command === COMMAND.closeStatement && message.length >= 9) prepared.delete(message.readUInt32LE(5))',
        after: ';',
        breaks: 'a fault of a statement hits the next one with its number',
      },
    ],
  ),
]
