import pg from 'pg'
import { Sequelize } from 'sequelize'
import { SequelizeStorage, Umzug } from 'umzug'

/** Executes the pending migrations, as in the README of umzug. If `isCured`, holds an advisory lock meanwhile. */
export async function migrate(url, isCured) {
  const sequelize = new Sequelize(url, { logging: false })
  const umzug = new Umzug({
    migrations: [
      { name: '1-more', up: ({ context }) => context.query('UPDATE counted SET migrations = migrations + 1') },
      { name: '2-more', up: ({ context }) => context.query('UPDATE counted SET migrations = migrations + 1') },
    ],
    context: sequelize,
    storage: new SequelizeStorage({ sequelize }),
    logger: undefined,
  })
  const lock = new pg.Client(url)
  lock.on('error', () => {})
  try {
    if (isCured) {
      await lock.connect()
      await lock.query('SELECT pg_advisory_lock(1)')
    }
    await umzug.up()
  } finally {
    await Promise.allSettled([lock.end(), sequelize.close()])
  }
}
