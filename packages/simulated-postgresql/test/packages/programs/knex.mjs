import Knex from 'knex'

const knex = Knex({ client: 'pg', connection: process.env.DATABASE_URL })
const migrations = {
  async first(k) {
    await k.schema.createTable('users', (t) => {
      t.increments()
      t.string('name').notNullable().index()
      t.enu('role', ['admin', 'user']).defaultTo('user')
      t.integer('age').checkPositive()
      t.timestamps(true, true)
    })
    await k.schema.createTable('posts', (t) => {
      t.uuid('id').primary()
      t.integer('user_id').references('users.id').onDelete('CASCADE')
      t.jsonb('body')
      t.unique(['user_id', 'id'])
    })
  },
  async second(k) {
    await k.schema.alterTable('users', (t) => {
      t.renameColumn('role', 'kind')
      t.string('mail')
      t.string('name', 40).notNullable().alter()
    })
  },
}
const migrationSource = {
  getMigrations: async () => Object.keys(migrations),
  getMigrationName: (name) => name,
  getMigration: async (name) => ({ up: migrations[name], down: () => {} }),
}
console.log((await knex.migrate.latest({ migrationSource }))[1], (await knex.migrate.latest({ migrationSource }))[1])
console.log(
  await knex.schema.hasTable('users'),
  await knex.schema.hasColumn('users', 'kind'),
  await knex('users').columnInfo('mail'),
)
await knex.transaction(async (tx) => {
  const [{ id }] = await tx('users').insert({ name: 'ann', kind: 'admin' }).returning('id')
  await tx('users').where({ id }).increment('age', 3).update({ age: 3 })
})
await knex('users')
  .insert({ name: 'bob', kind: 'none' })
  .catch(({ code, constraint }) => console.log(code, constraint))
console.log(await knex('users').select('name', 'kind', 'age').orderBy('id').forUpdate().skipLocked().limit(1))
await knex.destroy()
