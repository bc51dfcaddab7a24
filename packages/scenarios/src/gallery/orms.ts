import { type Exhibit, testedSystem } from './exhibit.ts'
import { postgres, ROUTES, recordArgs } from './recorded.ts'

const args = (orm: string, mode: string): readonly string[] =>
  recordArgs({
    servers: [postgres, { name: 'app', serve: `node app.mjs {listen} {postgres} ${orm} ${mode}`, as: ROUTES }],
    model: 'counter',
    clients: 'node visitors.mjs {app}',
  })

const orms = [
  {
    orm: 'knex',
    version: '3.1.0',
    weakness: 'a transaction that reads a count, adds to it and writes it loses concurrent additions',
    source: 'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED',
    cure: 'forUpdate() locks the row at the read',
  },
  {
    orm: 'sequelize',
    version: '6.37.7',
    weakness: 'save() of a row that was read earlier overwrites what others saved meanwhile',
    source: 'https://sequelize.org/docs/v6/other-topics/optimistic-locking/',
    cure: 'with version: true, this save() fails with an OptimisticLockError',
  },
  {
    orm: 'typeorm',
    version: '0.3.27',
    weakness: 'save() increments a version column, but does not compare it: what others saved meanwhile is lost',
    source: 'https://github.com/typeorm/typeorm/issues/3608',
    cure: 'a pessimistic_write lock locks the row at the read',
  },
] as const

const names = (mode: string): readonly string[] =>
  recordArgs({
    servers: [postgres, { name: 'app', serve: `node names.mjs {listen} {postgres} ${mode}`, as: 'names.json' }],
    clients: 'node askers.mjs {app}',
  })

/** A library for PostgreSQL that looks for a row and then creates one. */
export const checkThenInsert: Exhibit = {
  name: 'sequelize-two-rows',
  ...testedSystem('package', 'sequelize', '6.37.7', 'postgres'),
  weakness: 'findOrCreate() reads, then inserts: two concurrent calls both create a row with the same name',
  source: 'https://github.com/sequelize/sequelize/issues/3931',
  program: 'gallery/orms',
  breaks: 'linearizable',
  args: names('plain'),
  cure: { says: 'a unique column: the second call finds the row of the first', args: names('unique') },
}

const bank = (mode: string): readonly string[] =>
  recordArgs({
    servers: [postgres, { name: 'bank', serve: `node bank.mjs {listen} {postgres} ${mode}`, as: 'accounts.json' }],
    clients: 'node customers.mjs {bank}',
  })

/** A driver for PostgreSQL whose pool may use a different connection for each query. */
export const poolBegin: Exhibit = {
  name: 'pg-pool-begin',
  ...testedSystem('package', 'pg', '8.23.1', 'postgres'),
  weakness: "pool.query('BEGIN') and later statements may use different connections: nothing is rolled back",
  source: 'https://node-postgres.com/features/transactions',
  program: 'gallery/orms',
  breaks: 'linearizable',
  args: bank('pool'),
  cure: { says: 'one client of the pool for the whole transaction', args: bank('client') },
}

/** Libraries whose usual way to change a row loses updates at PostgreSQL's default level. */
export const ormExhibits: readonly Exhibit[] = orms.map(({ orm, version, weakness, source, cure }) => ({
  name: `${orm}-lost-update`,
  ...testedSystem('package', orm, version, 'postgres'),
  weakness,
  source,
  program: 'gallery/orms',
  breaks: 'linearizable',
  args: args(orm, 'plain'),
  cure: { says: cure, args: args(orm, 'guarded') },
}))
