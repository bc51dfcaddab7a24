import { inFileOf, type Mutation } from './mutation.ts'

/** Deliberate mistakes in what transactions see, in what they wait for, and in when they are refused. */
export const simulatedPostgresqlMutations: readonly Mutation[] = [
  ...inFileOf(
    'simulated-postgresql',
    'storage/visibility.ts',
    ['anomalies', 'races', 'statements'],
    [
      {
        name: 'postgresql-sees-later-commits',
        before:
          "return writer.transaction.state === 'committed' && writer.transaction.commitNumber <= snapshot.commitNumber",
        after: "return writer.transaction.state === 'committed'",
        breaks: 'REPEATABLE READ sees what committed after its snapshot',
      },
      {
        name: 'postgresql-statements-see-themselves',
        before: 'if (writer.transaction === own) return command < snapshot.commandId',
        after: 'if (writer.transaction === own) return command <= snapshot.commandId',
        breaks: 'an INSERT … SELECT of one table meets its own rows',
      },
      {
        name: 'postgresql-updates-wait-for-nobody',
        before: "if (tuple.xmax.transaction !== own) return 'being modified'",
        after: "if (tuple.xmax.transaction !== own) return 'ok'",
        breaks: 'two transactions change a row at the same time, and one change is lost',
      },
      {
        name: 'postgresql-updates-of-deleted-rows',
        before: "return tuple.next === undefined ? 'deleted' : 'updated'",
        after: "return 'updated'",
        breaks: 'a row that another transaction deleted is taken for a changed one',
      },
      {
        name: 'postgresql-vacuums-what-is-seen',
        before:
          "return ended !== undefined && statusOf(ended) === 'committed' && ended.transaction.commitNumber <= horizon",
        after: "return ended !== undefined && statusOf(ended) === 'committed'",
        breaks: 'an old snapshot misses rows that were deleted after it',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'storage/serializable.ts',
    ['anomalies', 'races'],
    [
      {
        name: 'postgresql-serializable-reads-leave-no-marks',
        before: 'readers.add(reader)',
        after: 'void readers',
        breaks: 'SERIALIZABLE allows write skew',
      },
      {
        name: 'postgresql-serializable-ignores-pivots',
        before: 'near.doomed = true',
        after: 'near.doomed = false',
        breaks: 'SERIALIZABLE allows write skew where the pivot commits last',
      },
      {
        name: 'postgresql-serializable-condemns-readers',
        before: 'return reader.transaction.readOnly || (reader.committed && !reader.wrote)',
        after: 'return false',
        breaks: 'transactions that only read are refused without need',
      },
      {
        name: 'postgresql-serializable-forgets-keys',
        before: 'if (!over) this.#flag(reader, me, me)',
        after: 'if (!over && !reader.committed) this.#flag(reader, me, me)',
        breaks: 'a conflict with a reader that has committed is not seen',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'storage/locks.ts',
    ['races', 'activity'],
    [
      {
        name: 'postgresql-locks-pass-the-queue',
        before: 'if (this.holds(holder, target.tag, mode) || !isBlocked(lock, holder, mode)) {',
        after: 'if (this.holds(holder, target.tag, mode) || !conflictsWithHolders(lock, holder, mode)) {',
        breaks: 'a lock that was asked for first is granted last',
      },
      {
        name: 'postgresql-waking-passes-waiters',
        before: 'ahead |= bitOf(waiter.mode)',
        after: 'ahead |= 0',
        breaks: 'a waiter is granted a lock that conflicts with an earlier waiter',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'storage/unique.ts',
    ['races', 'statements'],
    [
      {
        name: 'postgresql-unique-keys-do-not-wait',
        before:
          "if (inserted === 'active' && xmin !== undefined && xmin.transaction !== writer.transaction) return xmin",
        after:
          "if (inserted === 'active' && xmin !== undefined && xmin.transaction !== writer.transaction) return 'absent'",
        breaks: 'two transactions insert one key',
      },
      {
        name: 'postgresql-unique-keys-of-null',
        before: 'return isConstraint(index) && (index.nullsNotDistinct || !values.includes(null))',
        after: 'return isConstraint(index)',
        breaks: 'a second NULL in a unique column is refused',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'execute/limit.ts',
    ['statements'],
    [
      {
        name: 'postgresql-limits-from-the-start',
        before: 'return rows.slice(offset, offset + count)',
        after: 'return rows.slice(offset, count)',
        breaks: 'LIMIT with OFFSET answers too few rows',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'execute/context.ts',
    ['statements'],
    [
      {
        name: 'postgresql-counts-windows-in-where',
        before: 'Object.assign(scope, { place: clause, onWindow: undefined, onSetReturning: undefined })',
        after: 'Object.assign(scope, { place: clause })',
        breaks: 'WHERE accepts a window function, and decides by what it never computed',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'execute/foreign-keys.ts',
    ['statements'],
    [
      {
        name: 'postgresql-defaults-to-deleted-keys',
        before: 'if (keyOf(key.columns, key.table, values, run) === gone && !(yield* replaced(key, before, run)))',
        after: 'if (keyOf(key.columns, key.table, values, run) !== gone && !(yield* replaced(key, before, run)))',
        breaks: 'ON DELETE SET DEFAULT leaves a reference to the row that was deleted',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'expressions/sorting.ts',
    ['statements'],
    [
      {
        name: 'postgresql-sorts-nulls-the-other-way',
        before: 'if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1',
        after: 'if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? 1 : -1',
        breaks: 'NULLS FIRST sorts nulls last',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'types/interval.ts',
    ['statements'],
    [
      {
        name: 'postgresql-centuries-of-1201-months',
        before:
          'const MONTHS: Partial<Record<Unit, number>> = { month: 1, year: 12, decade: 120, century: 1200, millennium: 12000 }',
        after:
          'const MONTHS: Partial<Record<Unit, number>> = { month: 1, year: 12, decade: 120, century: 1201, millennium: 12000 }',
        breaks: 'an interval of a century is a month too long',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'types/numeric.ts',
    ['statements'],
    [
      {
        name: 'postgresql-multiplies-nothing-by-infinity',
        before: "if (a.special === 'NaN' || b.special === 'NaN' || sign === 0) return NAN",
        after: "if (a.special === 'NaN' || b.special === 'NaN') return NAN",
        breaks: 'zero times Infinity is Infinity',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'types/json.ts',
    ['statements'],
    [
      {
        name: 'postgresql-compares-arrays-of-jsonb-by-elements',
        before: 'if (a.length !== b.length) return a.length - b.length',
        after: 'if (a.length === b.length) return a.length - b.length',
        breaks: 'arrays of jsonb of one length are equal, whatever they hold',
      },
    ],
  ),
  ...inFileOf(
    'simulated-postgresql',
    'functions/text.ts',
    ['statements'],
    [
      {
        name: 'postgresql-splits-every-text-to-nothing',
        before: "return text === '' ? [] : parts.map((part) => (part === nullText ? null : part))",
        after: "return text !== '' ? [] : parts.map((part) => (part === nullText ? null : part))",
        breaks: 'string_to_array answers an empty array',
      },
    ],
  ),
]
