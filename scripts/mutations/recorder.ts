import { inFileOf, type Mutation } from './mutation.ts'

/** Deliberate mistakes in making operations of requests and replies. */
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
        name: 'recorder-suspended-update-changed-one-row',
        before: "const count = tag === '' && rows.length === keys?.length ? rows.length : (rowsOf(tag) ?? 0)",
        after: "const count = tag === '' && rows.length === keys?.length ? rows.length : (rowsOf(tag) ?? 1)",
        breaks: 'rows that an UPDATE changed beyond a limit of rows are not marked',
      },
      {
        name: 'recorder-suspended-insert-inserted-one-row',
        before: "const count = tag === '' && rows.length === inserted.length ? rows.length : (rowsOf(tag) ?? 0)",
        after: "const count = tag === '' && rows.length === inserted.length ? rows.length : (rowsOf(tag) ?? 1)",
        breaks: 'rows that an INSERT inserted beyond a limit of rows are taken for refused ones',
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
        before: "if (unit?.isSimple === false) this.#lost('a connection of PostgreSQL in an extended COPY')",
        after: "if (unit?.isSimple !== false) this.#lost('a connection of PostgreSQL in an extended COPY')",
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
        before: "if (/\\bselect\\b/.test(text)) return doubtful(what, 'what it reads is not followed', 'nothing')",
        after: "if (!/\\bselect\\b/.test(text)) return doubtful(what, 'what it reads is not followed', 'nothing')",
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
]
