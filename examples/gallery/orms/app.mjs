// Counts visits in PostgreSQL: loads a row, adds one, saves it. Usage: app.mjs HOST:PORT POSTGRES-HOST:PORT ORM plain|guarded
import { createServer } from 'node:http'

const [listen = '', postgres = '', name = '', mode = 'plain'] = process.argv.slice(2)
const [pgHost, pgPort] = postgres.split(':')
const connection = { host: pgHost, port: Number(pgPort), user: 'postgres', database: 'postgres' }
const isGuarded = mode === 'guarded'

/** The ORMs, by name. Each function returns `visit`, which counts a visit, and `count`, which returns the count. */
const orms = {
  async knex() {
    const { default: knex } = await import('knex')
    const db = knex({ client: 'pg', connection, pool: { min: 1, max: 8 } })
    await db.schema.createTable('pages', (table) => {
      table.text('name').primary()
      table.integer('count')
    })
    await db('pages').insert({ name: 'home', count: 0 })
    const visit = () =>
      db.transaction(async (trx) => {
        const chosen = trx('pages').where({ name: 'home' })
        const { count } = await (isGuarded ? chosen.clone().forUpdate() : chosen.clone()).first()
        await chosen.update({ count: count + 1 })
      })
    return { visit, count: async () => (await db('pages').where({ name: 'home' }).first()).count }
  },
  async sequelize() {
    const { DataTypes, Sequelize } = await import('sequelize')
    const { host, port, user, database } = connection
    const sequelize = new Sequelize(database, user, '', { host, port, dialect: 'postgres', logging: false })
    const columns = { name: { type: DataTypes.TEXT, primaryKey: true }, count: DataTypes.INTEGER }
    // With `version`, a save throws OptimisticLockError if the row has changed since it was loaded.
    const Page = sequelize.define('page', columns, { version: isGuarded, timestamps: false })
    await sequelize.sync()
    await Page.create({ name: 'home', count: 0 })
    const visit = async () => {
      const page = await Page.findByPk('home')
      page.count += 1
      await page.save()
    }
    return { visit, count: async () => (await Page.findByPk('home')).count }
  },
  async typeorm() {
    const { DataSource, EntitySchema } = await import('typeorm')
    // Each save increments `version`, but no save compares it.
    const columns = {
      name: { type: 'text', primary: true },
      count: { type: 'int' },
      version: { type: 'int', version: true },
    }
    const Page = new EntitySchema({ name: 'Page', columns })
    const { user: username, ...rest } = connection
    const source = await new DataSource({
      type: 'postgres',
      username,
      ...rest,
      entities: [Page],
      synchronize: true,
    }).initialize()
    await source.getRepository(Page).save({ name: 'home', count: 0 })
    const visit = () =>
      source.transaction(async (manager) => {
        const lock = isGuarded ? { lock: { mode: 'pessimistic_write' } } : {}
        const page = await manager.findOne(Page, { where: { name: 'home' }, ...lock })
        page.count += 1
        await manager.save(Page, page)
      })
    return { visit, count: async () => (await source.getRepository(Page).findOneBy({ name: 'home' })).count }
  },
}

const { visit, count } = await orms[name]()
const [host, port] = listen.split(':')
createServer(async ({ method }, response) => {
  try {
    if (method === 'POST') await visit()
    response.end(JSON.stringify({ count: await count() }))
  } catch (error) {
    // The row had changed since it was loaded: the visit was not counted.
    response.writeHead(error.name === 'SequelizeOptimisticLockError' ? 409 : 500).end(error.message)
  }
}).listen(Number(port), host)
