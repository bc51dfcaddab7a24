import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

// Performs transactions on PostgreSQL with a given library and a pool of connections. The transactions are the same for
// each library. Usage:
// node postgres-drivers.mjs PORT LIBRARY on-call rr|ser
// node postgres-drivers.mjs PORT LIBRARY balance unlocked|locked|ser|nested

const [port, library, what, mode] = process.argv.slice(2)
const server = { host: '127.0.0.1', port: Number(port), user: 'tester', database: 'postgres' }
const LEVELS = { rc: 'READ COMMITTED', rr: 'REPEATABLE READ', ser: 'SERIALIZABLE' }

const libraries = {
  async pg() {
    const pool = new pg.Pool({ ...server, max: 6 })
    // Named statements are prepared once for each connection.
    const query = (client, text, values) => client.query({ name: text.slice(0, 60), text, values })
    const within = (client) => ({
      async balance(id, isLocked) {
        const sql = `SELECT id, balance FROM accounts WHERE id = $1${isLocked ? ' FOR UPDATE' : ''}`
        return (await query(client, sql, [id])).rows[0].balance
      },
      setBalance: (id, balance) => query(client, 'UPDATE accounts SET balance = $1 WHERE id = $2', [balance, id]),
      doctors: async (ids) => (await query(client, 'SELECT * FROM doctors WHERE id IN ($1, $2)', ids)).rows,
      leave: (id) => query(client, 'UPDATE doctors SET on_call = $2 WHERE id = $1', [id, false]),
      async nested(work) {
        await client.query('SAVEPOINT s')
        try {
          await work(within(client))
          await client.query('RELEASE SAVEPOINT s')
        } catch (error) {
          await client.query('ROLLBACK TO SAVEPOINT s')
          throw error
        }
      },
    })
    return {
      async transaction(level, work) {
        const client = await pool.connect()
        try {
          await client.query(`BEGIN ISOLATION LEVEL ${LEVELS[level]}`)
          await work(within(client))
          await client.query('COMMIT')
        } catch (error) {
          await client.query('ROLLBACK')
          throw error
        } finally {
          client.release()
        }
      },
      end: () => pool.end(),
    }
  },

  async postgres() {
    const { default: postgres } = await import('postgres')
    const all = postgres({ ...server, max: 6 })
    const within = (sql) => ({
      async balance(id, isLocked) {
        const [row] = await sql`select balance from accounts where id = ${id} ${isLocked ? sql`for update` : sql``}`
        return row.balance
      },
      setBalance: (id, balance) => sql`update accounts set ${sql({ balance })} where id = ${id}`,
      doctors: (ids) => sql`select id, on_call from doctors where id in ${sql(ids)}`,
      leave: (id) => sql`update doctors set on_call = ${false} where id = ${id}`,
      nested: (work) => sql.savepoint((nested) => work(within(nested))),
    })
    return {
      transaction: (level, work) => all.begin(`isolation level ${LEVELS[level]}`, (sql) => work(within(sql))),
      end: () => all.end(),
    }
  },

  async drizzle() {
    const { eq, inArray } = await import('drizzle-orm')
    const { boolean, integer, pgTable } = await import('drizzle-orm/pg-core')
    const { drizzle } = await import('drizzle-orm/node-postgres')
    const accounts = pgTable('accounts', { id: integer().primaryKey(), balance: integer().notNull() })
    const doctors = pgTable('doctors', { id: integer().primaryKey(), on_call: boolean().notNull() })
    const pool = new pg.Pool({ ...server, max: 6 })
    const all = drizzle({ client: pool, schema: { accounts, doctors } })
    const within = (db) => ({
      async balance(id, isLocked) {
        if (!isLocked) return (await db.query.accounts.findFirst({ where: eq(accounts.id, id) })).balance
        const [row] = await db.select().from(accounts).where(eq(accounts.id, id)).for('update')
        return row.balance
      },
      setBalance: (id, balance) => db.update(accounts).set({ balance }).where(eq(accounts.id, id)),
      doctors: (ids) => db.select().from(doctors).where(inArray(doctors.id, ids)),
      leave: (id) => db.update(doctors).set({ on_call: false }).where(eq(doctors.id, id)).returning(),
      nested: (work) => db.transaction((nested) => work(within(nested))),
    })
    return {
      transaction: (level, work) =>
        all.transaction((db) => work(within(db)), { isolationLevel: LEVELS[level].toLowerCase() }),
      end: () => pool.end(),
    }
  },

  async knex() {
    const { default: knex } = await import('knex')
    const all = knex({ client: 'pg', connection: server, pool: { min: 0, max: 6 } })
    const within = (db) => ({
      async balance(id, isLocked) {
        const query = db('accounts').where({ id }).first('balance')
        return (await (isLocked ? query.forUpdate() : query)).balance
      },
      setBalance: (id, balance) => db('accounts').where({ id }).update({ balance }),
      doctors: (ids) => db('doctors').whereIn('id', ids).select('id', 'on_call'),
      leave: (id) => db('doctors').where({ id }).update({ on_call: false }),
      nested: (work) => db.transaction((nested) => work(within(nested))),
    })
    return {
      transaction: (level, work) =>
        all.transaction((db) => work(within(db)), { isolationLevel: LEVELS[level].toLowerCase() }),
      end: () => all.destroy(),
    }
  },

  async sequelize() {
    const { DataTypes, Sequelize } = await import('sequelize')
    const all = new Sequelize(`postgresql://tester@127.0.0.1:${port}/postgres`, { logging: false, pool: { max: 6 } })
    const id = { type: DataTypes.INTEGER, primaryKey: true }
    const Account = all.define('accounts', { id, balance: DataTypes.INTEGER }, { timestamps: false })
    const Doctor = all.define('doctors', { id, on_call: DataTypes.BOOLEAN }, { timestamps: false })
    const within = (transaction) => ({
      balance: async (id, lock = false) => (await Account.findByPk(id, { transaction, lock })).balance,
      setBalance: (id, balance) => Account.update({ balance }, { where: { id }, transaction }),
      doctors: (id) => Doctor.findAll({ where: { id }, transaction }),
      leave: (id) => Doctor.update({ on_call: false }, { where: { id }, transaction }),
      nested: (work) => all.transaction({ transaction }, (nested) => work(within(nested))),
    })
    return {
      transaction: (level, work) =>
        all.transaction({ isolationLevel: LEVELS[level] }, (transaction) => work(within(transaction))),
      end: () => all.close(),
    }
  },

  async typeorm() {
    const { DataSource, EntitySchema, In } = await import('typeorm')
    const id = { type: Number, primary: true }
    const Account = new EntitySchema({
      ...{ name: 'Account', tableName: 'accounts', columns: { id, balance: { type: Number } } },
    })
    const Doctor = new EntitySchema({
      ...{ name: 'Doctor', tableName: 'doctors', columns: { id, on_call: { type: Boolean } } },
    })
    const { user: username, ...rest } = server
    const all = new DataSource({ type: 'postgres', ...rest, username, entities: [Account, Doctor], extra: { max: 6 } })
    await all.initialize()
    const within = (manager) => ({
      async balance(id, isLocked) {
        const lock = isLocked ? { lock: { mode: 'pessimistic_write' } } : {}
        return (await manager.findOne(Account, { where: { id }, ...lock })).balance
      },
      // `save` reads the row again, and writes it only if it differs.
      setBalance: (id, balance) => manager.save(Account, { id, balance }),
      doctors: (ids) => manager.find(Doctor, { where: { id: In(ids) } }),
      leave: (id) => manager.update(Doctor, { id }, { on_call: false }),
      nested: (work) => manager.transaction((nested) => work(within(nested))),
    })
    return {
      transaction: (level, work) => all.transaction(LEVELS[level], (manager) => work(within(manager))),
      end: () => all.destroy(),
    }
  },
  async prisma() {
    const { PrismaPg } = await import('@prisma/adapter-pg')
    const { PrismaClient } = await import('./prisma-client/index.js')
    const all = new PrismaClient({ adapter: new PrismaPg({ ...server, max: 6 }) })
    const within = (db) => ({
      async balance(id, isLocked) {
        if (!isLocked) return (await db.account.findUnique({ where: { id } })).balance
        const [row] = await db.$queryRaw`SELECT id, balance FROM accounts WHERE id = ${id} FOR UPDATE`
        return row.balance
      },
      setBalance: (id, balance) => db.account.update({ where: { id }, data: { balance } }),
      doctors: (ids) => db.doctor.findMany({ where: { id: { in: ids } } }),
      leave: (id) => db.doctor.update({ where: { id }, data: { on_call: false } }),
    })
    const isolationLevels = { rc: 'ReadCommitted', rr: 'RepeatableRead', ser: 'Serializable' }
    return {
      transaction: (level, work) =>
        all.$transaction((db) => work(within(db)), { isolationLevel: isolationLevels[level] }),
      end: () => all.$disconnect(),
    }
  },
}

const db = await libraries[library]()

/** Retries until the transaction is committed. The code 40001 means a conflict. */
async function retried(level, work) {
  for (;;)
    try {
      return await db.transaction(level, work)
    } catch (error) {
      const { code, original, cause, driverError } = error
      const said = code ?? original?.code ?? cause?.code ?? driverError?.code ?? cause?.originalCode
      // Prisma reports a conflict of transactions as P2034.
      if (said !== '40001' && said !== 'P2034') throw error
    }
}

async function addTo(db, amount) {
  const balance = await db.balance(1, mode === 'locked')
  await delay(3)
  await db.setBalance(1, balance + amount)
}

const undone = new Error('undone')

const pay = (amount) =>
  retried(mode === 'ser' ? 'ser' : 'rc', async (db) => {
    if (mode !== 'nested') return addTo(db, amount)
    // One savepoint is rolled back, the other is released.
    await db
      .nested(async (nested) => {
        await nested.setBalance(1, -1000)
        throw undone
      })
      .catch((error) => {
        if (error !== undone) throw error
      })
    await db.nested((nested) => addTo(nested, amount))
  })

/** Takes a doctor off duty if the other doctor is on duty. */
const leave = (own, other) =>
  retried(mode, async (db) => {
    const doctors = await db.doctors([own, other])
    await delay(3)
    if (doctors.every((doctor) => doctor.on_call)) await db.leave(own)
  })

for (let round = 1; round <= 15; round++) {
  const [a, b] = [2 * round, 2 * round + 1]
  if (what === 'on-call') await Promise.all([leave(a, b), leave(b, a)])
  else await Promise.all([pay(1), pay(100)])
}
await db.end()
