import { inFileOf, type Mutation } from './mutation.ts'

/** Deliberate mistakes in the code that turns recorded requests and replies into operations. */
export const recorderMutations: readonly Mutation[] = [
  ...inFileOf(
    'recorder',
    'redis/lifetimes.ts',
    ['redis/lifetimes'],
    [
      {
        name: 'recorder-refused-deletion-explains-absence',
        before:
          "if (mayRemove(part.call) && (completion.type === 'ok' || completion.type === 'fail')) life.removedAt = now",
        after: "if (mayRemove(part.call) && completion.type === 'ok') life.removedAt = now",
        breaks:
          'a key that expired is taken for one that a refused deletion removed, and Redis is accused of losing it',
      },
      {
        name: 'recorder-lost-deletion-is-over',
        before:
          "if (mayRemove(part.call) && (completion.type === 'ok' || completion.type === 'fail')) life.removedAt = now",
        after: 'if (mayRemove(part.call)) life.removedAt = now',
        breaks:
          'a key that a late deletion removed is taken for one that may have expired, and nothing is judged of it',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/resp-conversation.ts',
    ['redis'],
    [
      {
        name: 'recorder-redis-expects-no-replies',
        before: "if (awaits === 'nothing') {",
        after: "if (awaits !== 'nothing') {",
        breaks: 'commands of Redis that are answered have no outcome',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'postgresql/row-step.ts',
    ['postgresql/whole'],
    [
      {
        name: 'recorder-suspended-change-changed-one-row',
        before: "tag === '' && length === all?.length ? length : (rowsOf(tag) ?? 0)",
        after: "tag === '' && length === all?.length ? length : (rowsOf(tag) ?? 1)",
        breaks: 'rows that an UPDATE changed beyond a limit of rows are not marked',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'postgresql/replies.ts',
    ['postgresql/whole'],
    [
      {
        name: 'recorder-simple-copy-ends-the-recording',
        before: "if (unit?.isSimple === false) this.#options.lost('a connection of PostgreSQL in an extended COPY')",
        after: "if (unit?.isSimple !== false) this.#options.lost('a connection of PostgreSQL in an extended COPY')",
        breaks: 'after a COPY nothing more of its connection is recorded',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'mysql/statement.ts',
    ['mysql'],
    [
      {
        name: 'recorder-set-reads-nothing',
        before:
          "if (/\\bselect\\b/.test(text)) return doubtful(what, 'the reads of this statement are not recorded', 'nothing')",
        after:
          "if (!/\\bselect\\b/.test(text)) return doubtful(what, 'the reads of this statement are not recorded', 'nothing')",
        breaks: 'a SET that reads a row is taken to read nothing',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/key-space.ts',
    ['redis/meanwhile'],
    [
      {
        name: 'recorder-flush-never-ends',
        before: 'if (flushes !== undefined) this.#flushing--',
        after: 'if (flushes === undefined) this.#flushing--',
        breaks: 'after a FLUSHALL no field of a hash is recorded',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'record/operation.ts',
    ['record/remarks'],
    [
      {
        name: 'recorder-any-read-key-may-be-new',
        before:
          "} else if (outcome.type === 'ok' && key !== undefined && 'value' in outcome && outcome.value === null)",
        after: "} else if (outcome.type === 'ok' && key !== undefined && 'value' in outcome)",
        breaks: 'one lost reply to a creation keeps every key that was read from being judged',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'record/exchange.ts',
    ['record/remarks', 'record'],
    [
      {
        name: 'recorder-unknown-key-of-an-unclear-creation-is-no-loss',
        before: "const isOpen = outcome.type === 'info' || outcome.type === 'not-understood'",
        after: "const isOpen = outcome.type === 'not-understood'",
        breaks: 'an object that a lost creation made is read, and the service is accused of making it up',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/command-reader.ts',
    ['redis/expirations'],
    [
      {
        name: 'recorder-changed-key-has-no-time-to-live',
        before: 'keeping(operation(f, key, value, interpretCount))',
        after: 'operation(f, key, value, interpretCount)',
        breaks: 'a counter or set that expired is judged as lost',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/expire-commands.ts',
    ['redis/expirations'],
    [
      {
        name: 'recorder-moment-of-a-field-is-a-duration',
        before:
          'const COMMANDS: { readonly [command: string]: number } = { EXPIRE: 1000, PEXPIRE: 1, EXPIREAT: 0, PEXPIREAT: 0 }',
        after:
          'const COMMANDS: { readonly [command: string]: number } = { EXPIRE: 1000, PEXPIRE: 1, EXPIREAT: 1000, PEXPIREAT: 0 }',
        breaks: 'a field that expired at a moment of the clock is judged as lost',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/resp-conversation.ts',
    ['redis/disturbed'],
    [
      {
        name: 'recorder-lost-messages-are-not-told',
        before: 'exchange.delivered(time, OUT_OF_ORDER)',
        after: ';',
        breaks: 'after a fault that loses messages, the outcomes of pending requests come from the replies to others',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/resp-session.ts',
    ['redis/connection'],
    [
      {
        name: 'recorder-subscription-ends-the-recording',
        before: 'if (this.#protocol === 2 || channels === 0) return this.#goBlind(name)',
        after: 'if (this.#protocol !== 2 || channels === 0) return this.#goBlind(name)',
        breaks:
          'after a SUBSCRIBE in RESP3 nothing of its connection is recorded, and in RESP2 messages are taken for replies',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'redis/answers.ts',
    ['redis/whole-keys', 'redis'],
    [
      {
        name: 'recorder-declined-swap-is-done',
        before:
          'answer === yes ? (value === undefined ? done(call) : ok(value)) : answer === no ? declined(error) : undefined',
        after: 'answer === yes || answer === no ? (value === undefined ? done(call) : ok(value)) : undefined',
        breaks: 'a conditional write that Redis declined is taken for done, and Redis is accused of losing it',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'mysql/dialogue.ts',
    ['mysql/conversation'],
    [
      {
        name: 'recorder-client-is-its-driver',
        before: 'const isOwn = name !== undefined && !NAMES_OF_PROGRAMS.test(name)',
        after: 'const isOwn = name !== undefined',
        breaks: 'all clients with the same driver of MySQL are taken for one',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'postgresql/transaction.ts',
    ['postgresql/conversation'],
    [
      {
        name: 'recorder-missed-update-has-written',
        before: "if (interpretation?.type === 'fail' && interpretation.answered === true) continue",
        after: "if (interpretation?.type === 'fail' && interpretation.answered === true) return undefined",
        breaks: 'a transaction in which an UPDATE missed its row has no outcome',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'postgresql/column-values.ts',
    ['postgresql/column-values', 'postgresql/whole'],
    [
      {
        name: 'recorder-empty-array-is-unreadable',
        before: 'if (value.length < 12) return undefined',
        after: 'if (value.length <= 12) return undefined',
        breaks: 'a query by an empty list of keys is recorded as a predicate over the table',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'postgresql/row-conditions.ts',
    ['postgresql/whole'],
    [
      {
        name: 'recorder-join-by-any-column-reads-by-key',
        before: "mine.table === own && mine.column === key && earlier.includes(others.table ?? '')",
        after: "mine.table === own && earlier.includes(others.table ?? '')",
        breaks: 'a join by another column is taken for one by primary keys, and rows it does not show are missed',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'postgresql/other-statements.ts',
    ['postgresql/statements'],
    [
      {
        name: 'recorder-schema-of-a-table-is-a-function',
        before: "const isPart = isNoCall || (before?.text === '.' && tokens[at - 3]?.text === 'into')",
        after: 'const isPart = isNoCall',
        breaks: 'an INSERT into a table with its schema is taken to change everything',
      },
    ],
  ),
  ...inFileOf(
    'recorder',
    'routes/mapping/body-value.ts',
    ['routes/long-bodies'],
    [
      {
        name: 'recorder-unpacks-little',
        before: 'const MAXIMUM_UNPACKED_BYTES = 16 * 1024 * 1024',
        after: 'const MAXIMUM_UNPACKED_BYTES = 16 * 1024',
        breaks: 'compressed bodies of more than 16 kB are not read',
      },
    ],
  ),
]
